// Content coding: whether a client takes gzip, and the compression itself.
// Floor: serve.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace toolvitals {

// Whether an Accept-Encoding header allows gzip and does not prefer the plain body (RFC 9110, section 12.5.3). A header
// that refuses both gets the plain body.
bool AcceptsGzip(std::string_view accept_encoding);

// The body as a gzip file, or nullopt when it is too small to gain or memory is short: then the plain body is sent.
std::optional<std::string> Gzip(std::string_view body);

}  // namespace toolvitals
