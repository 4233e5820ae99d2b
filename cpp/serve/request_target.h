// What a request is about, in whichever form RFC 9112 (3.2) lets a client write it.
// Floor: serve. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace toolvitals {

struct RequestTarget {
  std::string resource;                  // path and query as they were sent; "*" and what is no form stand as they are
  std::optional<std::string> authority;  // host and port that an absolute-form names, which count instead of Host
};

// Reads the target of a request line. Clients write "/metrics" to a server and "http://host/metrics" to a proxy; a
// server has to understand both. nullopt: an "http" URI without a host, with user information, or with a host or port
// that is none. Those of other schemes are not ours, and stay whole, like any other path that leads nowhere.
std::optional<RequestTarget> ParseRequestTarget(std::string_view target);

// Whether text is a host with or without a port, as RFC 3986 writes them: what Host and an authority may hold.
bool IsHostAndPort(std::string_view text);

}  // namespace toolvitals
