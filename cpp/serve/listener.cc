// Floor: serve.
#include "serve/listener.h"

#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/descriptors.h"
#include "net/net_limits.h"
#include "net/own_socket.h"
#include "serve/connection.h"

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

absl::Status Listener::Open(const std::vector<Address>& addresses, uint16_t port, const std::string& host,
                            const IsOurPort& is_ours) {
  // A free port of the first address may be taken on the second; then another is drawn.
  constexpr int kDraws = 16;
  absl::Status status;
  for (int draw = 0; draw < (port == 0 ? kDraws : 1); ++draw) {
    status = OpenOnce(addresses, port, host, is_ours);
    if (status.ok()) return status;
    Close();
    if (!absl::IsAlreadyExists(status)) break;
  }
  return status;
}

absl::Status Listener::OpenOnce(const std::vector<Address>& addresses, uint16_t port, const std::string& host,
                                const IsOurPort& is_ours) {
  port_ = port;
  absl::Status missing;
  for (const Address& address : addresses) {
    auto door = std::make_unique<Door>(loop_, address, config_);
    const absl::StatusOr<int> descriptor = OpenListeningSocket(address, port_, host, port == 0 ? nullptr : is_ours);
    if (absl::IsInvalidArgument(descriptor.status())) {
      missing = descriptor.status();
      continue;
    }
    if (!descriptor.ok()) return descriptor.status();
    boost::system::error_code error;
    if (TrackDescriptor(*descriptor)) door->acceptor.assign(door->protocol, *descriptor, error);
    if (error || !door->acceptor.is_open()) {
      UntrackDescriptor(*descriptor);
      close(*descriptor);
      return absl::ResourceExhaustedError("the event loop cannot watch another socket");
    }
    door->descriptor = *descriptor;
    if (port_ == 0) port_ = BoundPort(*descriptor);
    doors_.push_back(std::move(door));
  }
  return doors_.empty() ? missing : absl::OkStatus();
}

void Listener::Start() {
  for (const auto& door : doors_) {
    if (!door->waiting) Wait(*door);
  }
}

void Listener::Close() noexcept {
  for (const auto& door : doors_) {
    if (!door->acceptor.is_open()) continue;
    CloseOwn(door->acceptor);
  }
  doors_.clear();
}

void Listener::AppendDescriptors(std::vector<int>& descriptors) const {
  for (const auto& door : doors_) descriptors.push_back(door->descriptor);
}

void Listener::Wait(Door& door) {
  door.acceptor.async_wait(Acceptor::wait_read, [this, &door](const boost::system::error_code& error) {
    door.waiting = false;
    if (!error) AcceptReady(door);
  });
  door.waiting = true;
}

void Listener::WaitAfterBackoff(Door& door) {
  door.backoff.expires_after(loop_.tuning.accept_backoff);
  door.backoff.async_wait([this, &door](const boost::system::error_code& error) {
    door.waiting = false;
    if (!error) Wait(door);
  });
  door.waiting = true;
}

void Listener::AcceptReady(Door& door) {
  // The loop finds it out likewise, and ends.
  if (!IsTrackedFile(door.descriptor)) return;
  for (int accepted = 0; accepted < kMaxAcceptsPerWake; ++accepted) {
    const int descriptor = accept4(door.descriptor, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor >= 0) {
      Welcome(door, descriptor);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (!IsAboutOneClient(errno)) {
      return WaitAfterBackoff(door);
    }
  }
  Wait(door);
}

void Listener::Welcome(Door& door, int descriptor) {
  if (!loop_.connections.MakeRoom() || !TrackDescriptor(descriptor)) {
    close(descriptor);
    return;
  }
  // A response is written in one piece; waiting to fill a packet would only delay its end.
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (loop_.tuning.send_buffer_bytes > 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &loop_.tuning.send_buffer_bytes, sizeof(int));
  }
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(loop_, door.config);
    if (connection->Adopt(door.protocol, descriptor)) {
      loop_.connections.Add(connection);
      connection->Start();
      return;
    }
  } catch (...) {
    // Memory is short, and this client is the one who has to go.
  }
  if (connection != nullptr && connection->is_open()) return connection->Close();
  UntrackDescriptor(descriptor);
  close(descriptor);
}

}  // namespace toolvitals
