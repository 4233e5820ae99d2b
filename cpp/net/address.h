// Where to listen: from a host's name to addresses, and from an address to a listening socket.
// Floor: net.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace toolvitals {

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
  bool dual_stack = false;  // "::" asked for by itself, which takes IPv4 clients too

  int family() const { return storage.ss_family; }
  bool loopback() const;
};

// IPv4, IPv6 (with or without brackets) or a name, which may have several addresses. kInvalidArgument names the host.
absl::StatusOr<std::vector<Address>> ResolveHost(const std::string& host);

// A listening, non-blocking, close-on-exec socket. `host` is what messages call the address. An address that this
// machine does not have is kInvalidArgument, a port in use kAlreadyExists, a port refused kPermissionDenied.
//
// With `is_ours`, the port may be listened on by other processes as well, of whom that says that they are of the same
// service (SO_REUSEPORT): the kernel spreads clients over all of them.
using IsOurPort = std::function<bool(uint16_t port)>;
absl::StatusOr<int> OpenListeningSocket(const Address& address, uint16_t port, const std::string& host,
                                        const IsOurPort& is_ours = nullptr);

// The port that a socket is bound to, or 0.
uint16_t BoundPort(int descriptor);

}  // namespace toolvitals
