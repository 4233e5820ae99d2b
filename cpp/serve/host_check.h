// The guard against DNS rebinding: which Host and Origin a loopback address answers to.
// Floor: serve. Pure functions.
#pragma once

#include <string_view>

namespace toolvitals {

// Whether the value of a Host header names this machine's loopback: localhost, 127.0.0.0/8 or [::1], with or without a
// port. A page that an attacker serves can reach the loopback through a name of the attacker's, but cannot send any
// other Host than that name.
bool IsLoopbackHost(std::string_view host);

// Whether the value of an Origin header is a page of this machine. "null" is not: any page can make itself opaque.
bool IsLoopbackOrigin(std::string_view origin);

// The same, or the name (or spelling of an address, as 127.1) that this machine's operator gave the loopback: whoever
// chose it answers for it. `own`, with or without brackets, is compared without regard to case or a final dot.
bool IsOwnHost(std::string_view host, std::string_view own);
bool IsOwnOrigin(std::string_view origin, std::string_view own);

}  // namespace toolvitals
