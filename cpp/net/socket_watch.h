// A socket of the process's own that a loop watches: one that is listened on, or one for datagrams.
// Floor: net.
#pragma once

#include <chrono>
#include <functional>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "net/io_loop.h"

namespace toolvitals {

// Belongs to the loop's thread, but for Open() before the loop runs. Closed where it is still its own.
class SocketWatch {
 public:
  enum class Next {
    kWait,     // until there is more
    kBackOff,  // and look again after a pause: the socket stays readable, so asking at once would spin
  };
  // Called with the descriptor when something can be read; it takes what there is, within reason.
  using Reader = std::function<Next(int descriptor)>;

  SocketWatch(IoLoop& loop, std::chrono::milliseconds pause, Reader reader)
      : socket_(loop.io), backoff_(loop.io), pause_(pause), reader_(std::move(reader)) {}
  ~SocketWatch() { Close(); }
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;

  // Takes over a socket whose descriptor is tracked. On an error it is still the caller's.
  absl::Status Open(int descriptor);
  // Waits for what comes. Called again after an exception has left a handler, it takes up what that handler dropped.
  void Start();
  void Close() noexcept;

  bool is_open() const { return socket_.is_open(); }
  // What was opened, also once it is closed; negative before.
  int descriptor() const { return descriptor_; }

 private:
  void Wait();
  void WaitAfterBackoff();

  WatchedSocket socket_;
  LoopTimer backoff_;
  const std::chrono::milliseconds pause_;
  const Reader reader_;
  int descriptor_ = -1;
  bool waiting_ = false;  // for something to read, or for the end of a back-off
};

// Accepts those who wait at a listening socket, TCP's or a Unix socket's; `welcome` closes what it does not keep, and
// does not throw. Asio's own accept neither sets close-on-exec in one step nor says why it failed in time to back off.
// Out of descriptors or memory, clients are left in the kernel's queue.
SocketWatch::Next AcceptClients(int listening, absl::FunctionRef<void(int descriptor)> welcome);

}  // namespace toolvitals
