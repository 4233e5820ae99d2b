// Resolving a host, and binding to what it resolves to. Floor: net.
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/system_calls.h"
#include "net/net_limits.h"

namespace toolvitals {
namespace {

constexpr size_t kMaxHostNameBytes = 255;

const sockaddr_in& V4(const sockaddr_storage& storage) { return reinterpret_cast<const sockaddr_in&>(storage); }
const sockaddr_in6& V6(const sockaddr_storage& storage) { return reinterpret_cast<const sockaddr_in6&>(storage); }

std::string WithoutBrackets(const std::string& host) {
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') return host.substr(1, host.size() - 2);
  return host;
}

absl::Status SocketError(int error, uint16_t port, const std::string& host) {
  const std::string what = absl::StrCat("port ", port, " on ", host);
  switch (error) {
    case EADDRINUSE:
      return absl::AlreadyExistsError(absl::StrCat(what, " is already in use"));
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(absl::StrCat(what, " is not permitted to this user"));
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENODEV:
      return absl::InvalidArgumentError(absl::StrCat("host ", host, " is no address of this machine"));
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return absl::ResourceExhaustedError(absl::StrCat(what, " cannot be opened: ", strerror(error)));
    default:
      return absl::UnavailableError(absl::StrCat(what, " cannot be opened: ", strerror(error)));
  }
}

}  // namespace

bool Address::loopback() const {
  if (family() == AF_INET) return (ntohl(V4(storage).sin_addr.s_addr) >> 24) == 127;
  const in6_addr& address = V6(storage).sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

namespace {

enum class Sharing { kNone, kWithOthers };

absl::StatusOr<int> OpenOnce(const Address& address, uint16_t port, const std::string& host, Sharing sharing) {
  sockaddr_storage storage = address.storage;
  if (address.family() == AF_INET) {
    reinterpret_cast<sockaddr_in&>(storage).sin_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in6&>(storage).sin6_port = htons(port);
  }
  const int descriptor = OpenSocket(address.family(), SOCK_STREAM, IPPROTO_TCP);
  if (descriptor < 0) return SocketError(errno, port, host);
  absl::Cleanup close_socket = [descriptor] { close(descriptor); };

  // A port whose last owner has just ended can be taken at once; one that is listened on cannot.
  const int on = 1;
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::kWithOthers) setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (address.family() == AF_INET6) {
    const int only_v6 = address.dual_stack ? 0 : 1;
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
  }
  if (bind(descriptor, reinterpret_cast<const sockaddr*>(&storage), address.length) != 0 ||
      listen(descriptor, kListenBacklog) != 0) {
    return SocketError(errno, port, host);
  }
  std::move(close_socket).Cancel();
  return descriptor;
}

}  // namespace

absl::StatusOr<std::vector<Address>> ResolveHost(const std::string& host) {
  const std::string name = WithoutBrackets(host);
  if (name.empty() || name.size() > kMaxHostNameBytes || name.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError("host must be an IPv4 address, an IPv6 address or a name of 1 to 255 bytes");
  }
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name.c_str(), nullptr, &hints, &found); error != 0) {
    return absl::InvalidArgumentError(absl::StrCat("host ", host, " cannot be resolved: ", gai_strerror(error)));
  }
  const absl::Cleanup release = [found] { freeaddrinfo(found); };
  std::vector<Address> addresses;
  for (const addrinfo* info = found; info != nullptr && addresses.size() < kMaxAddressesPerHost; info = info->ai_next) {
    if (info->ai_family != AF_INET && info->ai_family != AF_INET6) continue;
    Address address;
    std::memcpy(&address.storage, info->ai_addr, info->ai_addrlen);
    address.length = info->ai_addrlen;
    addresses.push_back(address);
  }
  if (addresses.empty()) return absl::InvalidArgumentError(absl::StrCat("host ", host, " has no address"));
  if (addresses.size() == 1 && addresses[0].family() == AF_INET6) {
    addresses[0].dual_stack = IN6_IS_ADDR_UNSPECIFIED(&V6(addresses[0].storage).sin6_addr);
  }
  return addresses;
}

absl::StatusOr<int> OpenListeningSocket(const Address& address, uint16_t port, const std::string& host,
                                        const IsOurPort& is_ours) {
  if (is_ours == nullptr) return OpenOnce(address, port, host, Sharing::kNone);
  // The kernel lets any process of the same user share a port that is shared, so it is asked first who has it. Two that
  // ask at the same time find each other's question in the way; one that has just opened it may not have said so yet;
  // and one that is ending, and so is no longer one of ours, may not have closed it.
  constexpr int kAttempts = 100;
  constexpr int kAttemptsAtAForeignPort = 25;
  int foreign = 0;
  absl::StatusOr<int> opened;
  for (int attempt = 0; attempt < kAttempts && foreign < kAttemptsAtAForeignPort; ++attempt) {
    if (attempt > 0) absl::SleepFor(absl::Milliseconds(5 + attempt % 7));
    opened = OpenOnce(address, port, host, Sharing::kNone);
    if (opened.ok()) {
      close(*opened);
    } else if (!absl::IsAlreadyExists(opened.status())) {
      return opened;
    } else if (!is_ours(port)) {
      ++foreign;
      continue;
    }
    opened = OpenOnce(address, port, host, Sharing::kWithOthers);
    if (opened.ok() || !absl::IsAlreadyExists(opened.status())) return opened;
  }
  return opened;
}

uint16_t BoundPort(int descriptor) {
  sockaddr_storage storage = {};
  socklen_t length = sizeof storage;
  if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET ? V4(storage).sin_port : V6(storage).sin6_port);
}

}  // namespace toolvitals
