// A response as a value, and the bytes of its head.
// Floor: serve.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "render/rendering.h"

namespace toolvitals {

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;  // shared by all who are given the same one; null where it is streamed
  // Begins a body that is too large to be made at once, for each who is given it; otherwise empty.
  std::function<std::unique_ptr<Rendering>()> start_body;
  std::chrono::nanoseconds took{0};  // what collecting for a streamed body took
  bool gzip = false;
  std::string_view vary;  // the request's fields that had a say; static
  std::string cache_control = "no-store";
  bool close = false;         // whether the connection ends with it
  std::string extra_headers;  // whole lines, each with its CRLF
};

Response JsonResponse(unsigned status, std::string body);

// {"error": "..."}; `message` holds nothing that JSON would escape. What is not understood ends the connection.
Response ErrorResponse(unsigned status, std::string_view message);

// 503 for now: the connection stays, and the client is told when to ask again.
Response UnavailableResponse(std::string_view message);

// The body of what has none.
std::shared_ptr<const std::string> NoBody();

// Appends the status line, the fields and the empty line. A streamed body is chunked, but for HTTP/1.0, which does not
// know that: there the connection's end has to be its end.
void AppendHead(const Response& response, int minor_version, bool keep_alive, int64_t unix_seconds, std::string& out);

}  // namespace toolvitals
