// Content coding: whether a client takes gzip, and the compression itself.
// Floor: serve.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/serve_limits.h"

namespace toolvitals {

// Whether an Accept-Encoding header allows gzip and does not prefer the plain body (RFC 9110, section 12.5.3). A header
// that refuses both gets the plain body.
bool AcceptsGzip(std::string_view accept_encoding);

// The body as a gzip file, or nullopt when it is too small to gain or memory is short: then the plain body is sent.
std::optional<std::string> Gzip(std::string_view body, int level = kGzipLevel);

// A gzip file in pieces. Belongs to one thread. Throws std::bad_alloc.
class GzipStream {
 public:
  GzipStream();
  ~GzipStream();
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Appends what there is of the compressed bytes, which may be none; all of them with the last piece.
  void Append(std::string_view piece, bool is_last, std::string& out);

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

}  // namespace toolvitals
