// A body that is made while it is sent, so that no scrape is too large for memory.
// Floor: serve.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "render/rendering.h"
#include "serve/encoding.h"

namespace toolvitals {

// What it holds at a time is one piece, in its stages. Belongs to one thread.
class BodyStream {
 public:
  // `chunked` frames each piece as HTTP/1.1 does (RFC 9112, section 7.1); without it the body ends with the connection.
  BodyStream(std::unique_ptr<Rendering> rendering, bool gzip, bool chunked, size_t piece_bytes);

  // Replaces `out` by the next bytes for the wire. False when they are the last. Throws std::bad_alloc.
  bool Next(std::string& out);

  // How long all that Next() did has taken.
  std::chrono::nanoseconds took() const { return took_; }

 private:
  bool Make(std::string& out);

  const std::unique_ptr<Rendering> rendering_;
  std::optional<GzipStream> gzip_;
  const bool chunked_;
  const size_t piece_bytes_;
  std::string piece_, coded_;
  std::chrono::nanoseconds took_{0};
};

}  // namespace toolvitals
