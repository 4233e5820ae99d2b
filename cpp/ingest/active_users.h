// How many different users there were lately.
// Floor: ingest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>

#include "base/hash_table.h"
#include "ingest/ingest_limits.h"

namespace toolvitals {

// Counts the users that were seen within a sliding window of a monotonic clock, in nanoseconds. Names of users are not
// kept, only their hashes of 64 bits. A new user that finds the table full is not counted until another one is
// forgotten. For one thread.
class ActiveUsers {
 public:
  explicit ActiveUsers(std::chrono::nanoseconds window = kActiveUserWindow, size_t max_users = kMaxActiveUsers)
      : window_ns_(static_cast<uint64_t>(window.count())), max_users_(max_users) {}

  void See(std::string_view user, uint64_t now_ns);
  // The number of users, as of now.
  size_t Count(uint64_t now_ns);
  void Clear();

 private:
  struct Sight {
    uint64_t user;
    uint64_t at_ns;
  };

  void Forget(uint64_t now_ns);

  const uint64_t window_ns_;
  const size_t max_users_;
  std::list<Sight> sights_;  // one for each user, the longest ago first
  HashMap<uint64_t, std::list<Sight>::iterator> by_user_;
};

}  // namespace toolvitals
