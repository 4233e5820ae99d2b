// Starting and joining the thread, also where it is not there any more. Floor: net.
#include "net/loop_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/descriptors.h"
#include "base/system_calls.h"
#include "net/net_limits.h"

namespace toolvitals {
namespace {

// While this lives, threads that are born inherit a mask that blocks every signal.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

std::thread StartLoopThread(std::function<void()> run) {
  const AllSignalsBlocked blocked;
  return std::thread([run = std::move(run)] {
    NameThisThread("toolvitals");
    run();
  });
}

size_t DefaultMaxConnections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMaxConnections;
  return std::clamp<size_t>(limit.rlim_cur / 2, kMinConnections, kMaxConnections);
}

LoopOwner::LoopOwner(IoLoop& loop, std::chrono::milliseconds pause)
    : loop_(loop), pause_(pause), generation_(DescriptorGeneration()), pid_(getpid()) {}

void LoopOwner::StartThread() {
  const absl::MutexLock lock(&stopping_);
  Resume();
  thread_ = StartLoopThread([this] { Run(); });
}

void LoopOwner::Run() noexcept {
  loop_.Run(
      pause_, [this] { Resume(); }, [this] { return IsIntact(); });
  // Of a loop that was lost something may be left, and clients would wait at it for an answer.
  End();
}

bool LoopOwner::IsIntact() const { return std::all_of(descriptors_.begin(), descriptors_.end(), &IsTrackedFile); }

void LoopOwner::End() noexcept {
  // Relaxed: whoever reads it learns nothing else by it.
  ended_.store(true, std::memory_order_relaxed);
  CloseAll();
}

void LoopOwner::Stop() {
  const absl::MutexLock lock(&stopping_);
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
  // With the thread gone, everything that was its alone is ours. Where there was none, nobody has closed it yet.
  End();
}

bool LoopOwner::running() const {
  return !IsOfParent() && !ended_.load(std::memory_order_relaxed) && loop_.IsIntact() && IsIntact();
}

bool LoopOwner::IsOfParent() const { return generation_ != DescriptorGeneration() || pid_ != getpid(); }

void LoopOwner::Destroy(std::unique_ptr<LoopOwner> owner) {
  if (!owner->IsOfParent()) return;
  static std::atomic<LoopOwner*> buried = nullptr;
  owner->buried_below_ = buried.load(std::memory_order_relaxed);
  LoopOwner* const top = owner.release();
  // Release, so that whoever walks the list one day (only leak checkers do) sees the links.
  while (!buried.compare_exchange_weak(top->buried_below_, top, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace toolvitals
