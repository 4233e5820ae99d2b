// Rendering, compressing and framing one chunk after the other. Floor: serve.
#include "serve/body_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace toolvitals {

BodyStream::BodyStream(std::unique_ptr<Rendering> rendering, bool gzip, bool chunked, size_t piece_bytes)
    : rendering_(std::move(rendering)), chunked_(chunked), piece_bytes_(piece_bytes) {
  if (gzip) gzip_.emplace();
}

bool BodyStream::Next(std::string& out) {
  const auto start = std::chrono::steady_clock::now();
  out.clear();
  const bool more = Make(out);
  took_ += std::chrono::steady_clock::now() - start;
  return more;
}

bool BodyStream::Make(std::string& out) {
  bool more = true;
  // A compressor may keep a piece to itself, and a chunk of no bytes would be taken for the end.
  for (std::string* ready = &piece_; more && out.empty();) {
    piece_.clear();
    more = rendering_->Append(piece_bytes_, piece_);
    if (gzip_.has_value()) {
      coded_.clear();
      gzip_->Append(piece_, !more, coded_);
      ready = &coded_;
    }
    if (ready->empty()) continue;
    if (!chunked_) {
      out.swap(*ready);
    } else {
      absl::StrAppend(&out, absl::Hex(ready->size()), "\r\n", *ready, "\r\n");
    }
  }
  if (chunked_ && !more) out += "0\r\n\r\n";
  return more;
}

}  // namespace toolvitals
