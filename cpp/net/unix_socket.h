// A Unix socket at a path that a loop watches, and that gives away nothing that was sent when it ends.
// Floor: net.
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "net/socket_path.h"
#include "net/socket_watch.h"

namespace toolvitals {

// Belongs to the loop's thread; Drain() to whoever has joined it.
class UnixSocket {
 public:
  UnixSocket(IoLoop& loop, std::chrono::milliseconds pause, SocketWatch::Reader reader)
      : watch_(loop, pause, std::move(reader)) {}
  ~UnixSocket() { Close(); }

  absl::Status Open(std::unique_ptr<SocketPath> path);
  // As SocketWatch has it.
  void Start() { watch_.Start(); }
  // Takes the path away, lets nobody connect or send any more, and closes, after `take_rest` has taken in what had come
  // by then. Nothing where it is not open; without `take_rest` where the descriptor is not its own any more.
  void Drain(absl::FunctionRef<void(int descriptor)> take_rest) noexcept;

  // As SocketWatch has it.
  int descriptor() const { return watch_.descriptor(); }

 private:
  void Close() noexcept;

  SocketWatch watch_;
  std::unique_ptr<SocketPath> path_;
};

}  // namespace toolvitals
