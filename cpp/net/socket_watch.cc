// Accepting and receiving until there is nothing more, and backing off from errors. Floor: net.
#include "net/socket_watch.h"

#include <sys/socket.h>

#include <cerrno>

#include "base/descriptors.h"
#include "base/system_calls.h"
#include "net/net_limits.h"
#include "net/own_socket.h"

namespace toolvitals {
namespace {

// What accept says when the client has gone or was never right, while the next may be fine.
bool IsAboutOneClient(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EOPNOTSUPP:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::Status SocketWatch::Open(int descriptor) {
  boost::system::error_code error;
  socket_.assign(descriptor, error);
  if (error) return absl::ResourceExhaustedError("the event loop cannot watch another socket");
  descriptor_ = descriptor;
  return absl::OkStatus();
}

void SocketWatch::Start() {
  if (!waiting_ && socket_.is_open()) Wait();
}

void SocketWatch::Wait() {
  socket_.async_wait(WatchedSocket::wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    // Where it is not its own any more, the loop finds it out likewise, and ends.
    if (error || !IsTrackedFile(descriptor_)) return;
    if (reader_(descriptor_) == Next::kBackOff) return WaitAfterBackoff();
    Wait();
  });
  waiting_ = true;
}

void SocketWatch::WaitAfterBackoff() {
  backoff_.expires_after(pause_);
  backoff_.async_wait([this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) Wait();
  });
  waiting_ = true;
}

void SocketWatch::Close() noexcept {
  if (socket_.is_open()) CloseOwn(socket_);
}

SocketWatch::Next AcceptClients(int listening, absl::FunctionRef<void(int descriptor)> welcome) {
  for (int accepted = 0; accepted < kMaxAcceptsPerWake; ++accepted) {
    const int descriptor = AcceptClient(listening);
    if (descriptor >= 0) {
      welcome(descriptor);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (!IsAboutOneClient(errno)) {
      return SocketWatch::Next::kBackOff;
    }
  }
  return SocketWatch::Next::kWait;
}

}  // namespace toolvitals
