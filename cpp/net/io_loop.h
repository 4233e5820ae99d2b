// One io_context, and the thread's way through it: what every native event loop of the process has in common.
// Floor: net.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "absl/functional/function_ref.h"

namespace toolvitals {

// Asio's types with the executor's own type, so that no handler goes through a type-erased one.
using LoopExecutor = boost::asio::io_context::executor_type;
using LoopTimer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>, LoopExecutor>;
// A socket that Asio only waits for; reading is done by hand.
using WatchedSocket = boost::asio::posix::basic_stream_descriptor<LoopExecutor>;

// The descriptors that the io_context itself owns are tracked, so that a forked child can close its copies.
//
// A program may close them behind the loop's back, and Asio does not look: it would wait on whatever has the number by
// now, or ask again and again. So before each step the loop looks whether they are still its own. Where one is not, the
// loop is lost: it ends, gives up what is not its own, and touches nothing more. A loop that was waiting when its
// descriptors were closed is woken by nobody, and finds out when its wait is over, within kLookInterval.
struct IoLoop {
  IoLoop();
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  // Runs until Stop(), or until the loop is lost or `intact` says that what it serves is. An exception that leaves a
  // handler ends that handler; `recover` then takes up what must go on, and is asked again after `pause` for as long as
  // it throws too.
  void Run(std::chrono::milliseconds pause, absl::FunctionRef<void()> recover,
           absl::FunctionRef<bool()> intact) noexcept;

  // Any thread. The loop ends at once, or within kLookInterval where it is lost.
  void Stop();

  // Any thread: has the loop call `step`, behind what is ready by now. Nothing where the loop is lost.
  template <typename Step>
  void Post(Step step) {
    if (IsIntact()) boost::asio::post(io, std::move(step));
  }

  // Any thread: whether the loop can work. False once it is lost, and from the moment that it will be.
  bool IsIntact() const;

  // The hint says that one thread runs it.
  boost::asio::io_context io{1};

 private:
  void Lose() noexcept;

  std::array<int, 3> descriptors_;  // those of the io_context
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> lost_ = false;
};

}  // namespace toolvitals
