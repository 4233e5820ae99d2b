// Floor: net.
#include "net/loop_thread.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/descriptors.h"
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
    pthread_setname_np(pthread_self(), "toolvitals");
    run();
  });
}

size_t DefaultMaxConnections() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMaxConnections;
  return std::clamp<size_t>(limit.rlim_cur / 2, kMinConnections, kMaxConnections);
}

LoopOwner::LoopOwner() : generation_(DescriptorGeneration()), pid_(getpid()) {}

bool LoopOwner::IsOfParent() const { return generation_ != DescriptorGeneration() || pid_ != getpid(); }

void LoopOwner::Bury(std::unique_ptr<LoopOwner> owner) {
  static std::atomic<LoopOwner*> buried = nullptr;
  owner->buried_below_ = buried.load(std::memory_order_relaxed);
  LoopOwner* const top = owner.release();
  // Release, so that whoever walks the list one day (only leak checkers do) sees the links.
  while (!buried.compare_exchange_weak(top->buried_below_, top, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

}  // namespace toolvitals
