// Running and stopping the io_context. Floor: net.
#include "net/io_loop.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <new>
#include <thread>
#include <utility>

#include "base/descriptors.h"
#include "base/fork_hooks.h"
#include "net/net_limits.h"

namespace toolvitals {
namespace {

using Reactor = boost::asio::detail::epoll_reactor;
using Interrupter = boost::asio::detail::select_interrupter;

// Asio has no public way to the descriptors that a loop itself owns: a forked child must be able to close them, and a
// loop that has lost them must not. An explicit instantiation may name private members; this one hands them out. Should
// a later Asio rename one, the compiler says so here. The last is a second name of the one before.
template <int Reactor::*Epoll, int Reactor::*Timer, Interrupter Reactor::*Wake, int Interrupter::*WakeRead,
          int Interrupter::*WakeWrite>
struct ReactorAccess {
  friend std::array<int*, 4> DescriptorsOf(Reactor& reactor) {
    return {&(reactor.*Epoll), &(reactor.*Timer), &((reactor.*Wake).*WakeRead), &((reactor.*Wake).*WakeWrite)};
  }
};
std::array<int*, 4> DescriptorsOf(Reactor& reactor);
template struct ReactorAccess<&Reactor::epoll_fd_, &Reactor::timer_fd_, &Reactor::interrupter_,
                              &Interrupter::read_descriptor_, &Interrupter::write_descriptor_>;

Reactor& ReactorOf(boost::asio::io_context& io) { return boost::asio::use_service<Reactor>(io); }

}  // namespace

IoLoop::IoLoop() {
  static constexpr ForkHook kHook = {.child = &CloseTrackedDescriptors};
  if (!SetForkHook(ForkPlace::kDescriptors, &kHook).ok()) throw std::bad_alloc();
  const StandardDescriptorsTaken taken;  // here Asio opens what a loop has
  const std::array<int*, 4> numbers = DescriptorsOf(ReactorOf(io));
  for (size_t i = 0; i < descriptors_.size(); ++i) {
    descriptors_[i] = *numbers[i];
    TrackDescriptor(descriptors_[i]);
  }
}

IoLoop::~IoLoop() {
  if (!IsIntact()) {
    Lose();
    return;
  }
  for (const int descriptor : descriptors_) UntrackDescriptor(descriptor);
}

bool IoLoop::IsIntact() const {
  return !lost_.load(std::memory_order_acquire) &&
         std::all_of(descriptors_.begin(), descriptors_.end(), &IsTrackedFile);
}

// Asio closes and changes what has these numbers, so it is left without any. Its own are closed here.
void IoLoop::Lose() noexcept {
  // Release, so that whoever sees the loop lost leaves the numbers alone.
  if (lost_.exchange(true, std::memory_order_acq_rel)) return;
  for (const int descriptor : descriptors_) {
    const bool is_own = IsTrackedFile(descriptor);
    UntrackDescriptor(descriptor);
    if (is_own) close(descriptor);
  }
  for (int* number : DescriptorsOf(ReactorOf(io))) *number = -1;
}

void IoLoop::Stop() {
  // Release pairs with the loop's acquire: what was done before is seen by a loop that ends because of it.
  stopping_.store(true, std::memory_order_release);
  if (IsIntact()) io.stop();
}

void IoLoop::Run(std::chrono::milliseconds pause, absl::FunctionRef<void()> recover,
                 absl::FunctionRef<bool()> intact) noexcept {
  const auto work = boost::asio::make_work_guard(io);
  for (bool dropped = false; !stopping_.load(std::memory_order_acquire);) {
    if (!IsIntact() || !intact()) return Lose();
    try {
      if (dropped) recover();
      dropped = false;
      io.run_one_for(kLookInterval);
    } catch (...) {
      // Handlers catch what they can answer, so this is memory that is short. A connection whose handler is lost stays
      // silent until a sweep closes it.
      if (std::exchange(dropped, true)) std::this_thread::sleep_for(pause);
    }
  }
}

}  // namespace toolvitals
