// A table of users' hashes and when each was seen last. Floor: ingest.
#include "ingest/active_users.h"

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace toolvitals {

void ActiveUsers::See(std::string_view user, uint64_t now_ns) {
  Forget(now_ns);
  const uint64_t hash = absl::HashOf(absl::string_view(user.data(), user.size()));
  if (const auto found = by_user_.find(hash); found != by_user_.end()) {
    found->second->at_ns = now_ns;
    sights_.splice(sights_.end(), sights_, found->second);
    return;
  }
  if (by_user_.size() >= max_users_) return;
  // Made beside the list: where memory is short, neither of the two has it.
  std::list<Sight> made = {{hash, now_ns}};
  by_user_.emplace(hash, made.begin());
  sights_.splice(sights_.end(), made);
}

size_t ActiveUsers::Count(uint64_t now_ns) {
  Forget(now_ns);
  return by_user_.size();
}

void ActiveUsers::Clear() {
  by_user_.clear();
  sights_.clear();
}

void ActiveUsers::Forget(uint64_t now_ns) {
  while (!sights_.empty() && now_ns >= sights_.front().at_ns + window_ns_) {
    by_user_.erase(sights_.front().user);
    sights_.pop_front();
  }
}

}  // namespace toolvitals
