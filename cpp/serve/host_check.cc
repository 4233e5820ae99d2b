// Which names and addresses are loopback's. Floor: serve.
#include "serve/host_check.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace toolvitals {
namespace {

constexpr size_t kMaxHostBytes = 64;  // the longest loopback spelling with a port is shorter

// Port 0 to 5 digits; RFC 3986 allows a colon without any.
bool IsPortSuffix(std::string_view text) {
  if (text.empty()) return true;
  if (text[0] != ':' || text.size() > 6) return false;
  return std::all_of(text.begin() + 1, text.end(),
                     [](char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); });
}

bool IsLoopbackV4(const std::string& name) {
  in_addr address;
  return inet_pton(AF_INET, name.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool IsLoopbackV6(const std::string& name) {
  in6_addr address;
  if (inet_pton(AF_INET6, name.c_str(), &address) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

std::string_view Bare(std::string_view name) {
  if (name.size() >= 2 && name.front() == '[' && name.back() == ']') return name.substr(1, name.size() - 2);
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

bool IsSameName(std::string_view name, std::string_view own) {
  const std::string_view bare = Bare(name), wanted = Bare(own);
  return !wanted.empty() && absl::EqualsIgnoreCase(absl::string_view(bare.data(), bare.size()),
                                                   absl::string_view(wanted.data(), wanted.size()));
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes || host.find('\0') != std::string_view::npos) return false;
  if (host[0] == '[') {
    const size_t close = host.find(']');
    if (close == std::string_view::npos || !IsPortSuffix(host.substr(close + 1))) return false;
    return IsLoopbackV6(std::string(host.substr(1, close - 1)));
  }
  const size_t colon = std::min(host.find(':'), host.size());
  if (!IsPortSuffix(host.substr(colon))) return false;
  const std::string name(host.substr(0, colon));
  return absl::EqualsIgnoreCase(name, "localhost") || absl::EqualsIgnoreCase(name, "localhost.") || IsLoopbackV4(name);
}

bool IsLoopbackOrigin(std::string_view origin) { return IsOwnOrigin(origin, {}); }

bool IsOwnHost(std::string_view host, std::string_view own) {
  if (IsLoopbackHost(host)) return true;
  const size_t close = host.empty() || host[0] != '[' ? std::string_view::npos : host.find(']');
  const size_t end = close != std::string_view::npos ? close + 1 : std::min(host.find(':'), host.size());
  return IsPortSuffix(host.substr(end)) && IsSameName(host.substr(0, end), own);
}

bool IsOwnOrigin(std::string_view origin, std::string_view own) {
  const size_t scheme_end = origin.find("://");
  return scheme_end != std::string_view::npos && IsOwnHost(origin.substr(scheme_end + 3), own);
}

}  // namespace toolvitals
