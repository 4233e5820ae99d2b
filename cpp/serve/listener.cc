// Accepting the clients of one port, as far as there is room for them. Floor: serve.
#include "serve/listener.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

#include "base/descriptors.h"
#include "serve/connection.h"

namespace toolvitals {

Listener::Door::Door(Listener& listener, const Address& address)
    : config(listener.config_), watch(listener.loop_, listener.loop_.tuning.accept_backoff, [&listener, this](int own) {
        return AcceptClients(own, [&](int descriptor) { listener.Welcome(*this, descriptor); });
      }) {
  config.loopback = address.loopback();
}

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
    auto door = std::make_unique<Door>(*this, address);
    const absl::StatusOr<int> descriptor = OpenListeningSocket(address, port_, host, port == 0 ? nullptr : is_ours);
    if (absl::IsInvalidArgument(descriptor.status())) {
      missing = descriptor.status();
      continue;
    }
    if (!descriptor.ok()) return descriptor.status();
    if (!TrackDescriptor(*descriptor) || !door->watch.Open(*descriptor).ok()) {
      UntrackDescriptor(*descriptor);
      close(*descriptor);
      return absl::ResourceExhaustedError("the event loop cannot watch another socket");
    }
    if (port_ == 0) port_ = BoundPort(*descriptor);
    doors_.push_back(std::move(door));
  }
  return doors_.empty() ? missing : absl::OkStatus();
}

void Listener::Start() {
  for (const auto& door : doors_) door->watch.Start();
}

void Listener::Close() noexcept { doors_.clear(); }

std::vector<int> Listener::descriptors() const {
  std::vector<int> descriptors;
  for (const auto& door : doors_) descriptors.push_back(door->watch.descriptor());
  return descriptors;
}

void Listener::Welcome(const Door& door, int descriptor) {
  // A response is written in one piece; waiting to fill a packet would only delay its end.
  const int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (loop_.tuning.send_buffer_bytes > 0) {
    setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &loop_.tuning.send_buffer_bytes, sizeof(int));
  }
  loop_.connections.Welcome(descriptor, [&] { return std::make_shared<Connection>(loop_, door.config); });
}

}  // namespace toolvitals
