// Routes that somebody else answers, on a thread that is not the server's and in a time that is bounded.
// Floor: serve.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "net/io_loop.h"
#include "serve/answer_waiter.h"
#include "serve/response.h"

namespace toolvitals {

struct DelegatedRequest {
  std::string path;
  std::string query;   // without its "?"
  std::string accept;  // every Accept field, joined
};

// The way back of one request. Thread-safe; whoever has a copy may answer, at any time, also after the server's end.
class DelegateTicket {
 public:
  // Whether anybody still waits for it.
  bool is_awaited() const { return place_->is_awaited.load(std::memory_order_relaxed); }
  // The first answer counts, and one that comes too late does nothing. Compresses it where the client accepts that.
  void Answer(Response response) noexcept;

 private:
  friend class DelegateDesk;
  struct Mailbox;
  struct Place {
    std::shared_ptr<Mailbox> mailbox;
    uint64_t id = 0;
    bool gzip = false;
    std::atomic<bool> is_awaited{true};
  };
  explicit DelegateTicket(std::shared_ptr<Place> place) : place_(std::move(place)) {}

  std::shared_ptr<Place> place_;
};

// Whoever answers.
class Delegate {
 public:
  // How long a request waits for its answer before it is told that there is none yet.
  explicit Delegate(std::chrono::milliseconds deadline) : deadline_(deadline) {}
  virtual ~Delegate() = default;

  // Called by a server's thread, and returns at once: it leaves the request to a thread of its own. False where it can
  // take no more now.
  virtual bool Take(DelegatedRequest request, DelegateTicket ticket) noexcept = 0;

  std::chrono::milliseconds deadline() const { return deadline_; }

 private:
  const std::chrono::milliseconds deadline_;
};

// An answer that is asked for elsewhere.
struct Delegation {
  std::shared_ptr<Delegate> delegate;
  DelegatedRequest request;
  bool gzip = false;
};

// One server's requests that wait for delegates: kMaxDelegated at most, each until its deadline. A delegate that hangs
// costs the server no thread, and those who wait for it 503 with Retry-After.
//
//   loop ──Take()──▶ delegate's thread ──Answer()──▶ mailbox ──posted──▶ loop ──▶ client
//
// Belongs to the loop's thread.
class DelegateDesk {
 public:
  explicit DelegateDesk(IoLoop& loop);
  ~DelegateDesk() { Close(); }
  DelegateDesk(const DelegateDesk&) = delete;
  DelegateDesk& operator=(const DelegateDesk&) = delete;

  void Ask(Delegation delegation, std::shared_ptr<AnswerWaiter> waiter);
  // Takes up the watch over deadlines that an exception dropped.
  void ScheduleExpiry();
  // Nobody is waited for any more.
  void Close() noexcept;

 private:
  friend class DelegateTicket;
  using Clock = std::chrono::steady_clock;
  struct Waiting {
    std::shared_ptr<DelegateTicket::Place> place;
    std::shared_ptr<AnswerWaiter> waiter;
    Clock::time_point deadline;
  };

  void Collect();
  void Expire();
  static void Deliver(Waiting waiting, const Response& response) noexcept;

  IoLoop& loop_;
  LoopTimer timer_;
  Clock::time_point timer_until_ = Clock::time_point::max();  // max: it does not run
  std::shared_ptr<DelegateTicket::Mailbox> mailbox_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Waiting> waiting_;
};

}  // namespace toolvitals
