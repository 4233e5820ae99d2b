// A response as a value, and the bytes of its head.
// Floor: serve.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace toolvitals {

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::shared_ptr<const std::string> body;  // never null; shared by all who are given the same one
  bool gzip = false;
  bool negotiated = false;         // whether Accept and Accept-Encoding had a say
  bool close = false;              // whether the connection ends with it
  std::string_view extra_headers;  // whole lines, each with its CRLF
};

Response JsonResponse(unsigned status, std::string body);

// {"error": "..."}; `message` holds nothing that JSON would escape. What is not understood ends the connection.
Response ErrorResponse(unsigned status, std::string_view message);

// Appends the status line, the fields and the empty line.
void AppendHead(const Response& response, int minor_version, bool keep_alive, int64_t unix_seconds, std::string& out);

}  // namespace toolvitals
