// One io_context, and the thread's way through it: what every native event loop of the process has in common.
// Floor: serve.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>

#include "absl/functional/function_ref.h"

namespace toolvitals {

// The descriptors that the io_context itself owns are tracked, so that a forked child can close its copies.
struct IoLoop {
  IoLoop();
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  // Runs until io.stop(). An exception that leaves a handler ends that handler; `recover` then takes up what must go
  // on, and is asked again after `pause` for as long as it throws too.
  void Run(std::chrono::milliseconds pause, absl::FunctionRef<void()> recover) noexcept;

  // The hint says that one thread runs it.
  boost::asio::io_context io{1};
};

}  // namespace toolvitals
