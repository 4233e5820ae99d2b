// The way back of delegated requests, and the deadlines of those who wait.
// Floor: serve.
#include "serve/delegate.h"

#include <algorithm>
#include <optional>

#include "serve/encoding.h"
#include "serve/serve_limits.h"

namespace toolvitals {

// What delegates' threads and the loop's have in common; outlives both.
struct DelegateTicket::Mailbox {
  absl::Mutex mutex;
  DelegateDesk* desk ABSL_GUARDED_BY(mutex) = nullptr;  // null once it is closed
  IoLoop* loop ABSL_GUARDED_BY(mutex) = nullptr;
  bool is_posted ABSL_GUARDED_BY(mutex) = false;  // the loop will look into it
  std::vector<std::pair<uint64_t, Response>> answers ABSL_GUARDED_BY(mutex);
};

void DelegateTicket::Answer(Response response) noexcept {
  if (!place_->is_awaited.exchange(false, std::memory_order_relaxed)) return;
  try {
    if (response.body == nullptr) response.body = NoBody();
    if (place_->gzip && !response.gzip) {
      response.vary = "Accept-Encoding";
      if (std::optional<std::string> compressed = Gzip(*response.body)) {
        response.body = std::make_shared<const std::string>(*std::move(compressed));
        response.gzip = true;
      }
    }
    Mailbox& mailbox = *place_->mailbox;
    const absl::MutexLock lock(&mailbox.mutex);
    if (mailbox.desk == nullptr) return;
    mailbox.answers.emplace_back(place_->id, std::move(response));
    if (mailbox.is_posted) return;
    // The desk is there for as long as its loop runs.
    mailbox.loop->Post([desk = mailbox.desk] { desk->Collect(); });
    mailbox.is_posted = true;
  } catch (...) {
    // Memory is short: the client is answered at the deadline.
  }
}

DelegateDesk::DelegateDesk(IoLoop& loop)
    : loop_(loop), timer_(loop.io), mailbox_(std::make_shared<DelegateTicket::Mailbox>()) {
  const absl::MutexLock lock(&mailbox_->mutex);
  mailbox_->desk = this;
  mailbox_->loop = &loop;
}

void DelegateDesk::Close() noexcept {
  {
    const absl::MutexLock lock(&mailbox_->mutex);
    mailbox_->desk = nullptr;
    mailbox_->answers.clear();
  }
  for (auto& [id, waiting] : waiting_) waiting.place->is_awaited.store(false, std::memory_order_relaxed);
  waiting_.clear();
}

void DelegateDesk::Ask(Delegation delegation, std::shared_ptr<AnswerWaiter> waiter) {
  if (waiting_.size() >= kMaxDelegated) {
    return waiter->Deliver(UnavailableResponse("too many requests wait for answers"));
  }
  auto place = std::make_shared<DelegateTicket::Place>();
  place->mailbox = mailbox_;
  place->id = ++last_id_;
  place->gzip = delegation.gzip;
  waiting_[place->id] = {place, std::move(waiter), Clock::now() + delegation.delegate->deadline()};
  if (!delegation.delegate->Take(std::move(delegation.request), DelegateTicket(place))) {
    return Deliver(std::move(waiting_.extract(place->id).mapped()),
                   UnavailableResponse("nobody can take the request now"));
  }
  ScheduleExpiry();
}

void DelegateDesk::Deliver(Waiting waiting, const Response& response) noexcept {
  waiting.place->is_awaited.store(false, std::memory_order_relaxed);
  waiting.waiter->Deliver(response);
}

void DelegateDesk::Collect() {
  std::vector<std::pair<uint64_t, Response>> answers;
  {
    const absl::MutexLock lock(&mailbox_->mutex);
    mailbox_->is_posted = false;
    answers.swap(mailbox_->answers);
  }
  for (const auto& [id, response] : answers) {
    // The deadline may have come meanwhile.
    if (auto found = waiting_.extract(id)) Deliver(std::move(found.mapped()), response);
  }
}

void DelegateDesk::ScheduleExpiry() {
  Clock::time_point first = Clock::time_point::max();
  for (const auto& [id, waiting] : waiting_) first = std::min(first, waiting.deadline);
  if (first >= timer_until_) return;
  timer_until_ = first;
  timer_.expires_at(first);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    timer_until_ = Clock::time_point::max();
    Expire();
  });
}

void DelegateDesk::Expire() {
  const Clock::time_point now = Clock::now();
  std::vector<Waiting> late;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    const auto here = next++;
    if (here->second.deadline > now) continue;
    late.push_back(std::move(here->second));
    waiting_.erase(here);
  }
  for (Waiting& waiting : late) Deliver(std::move(waiting), UnavailableResponse("the answer took too long"));
  ScheduleExpiry();
}

}  // namespace toolvitals
