// Floor: serve.
#include "serve/encoding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "serve/preferences.h"
#include "serve/serve_limits.h"

namespace toolvitals {

bool AcceptsGzip(std::string_view accept_encoding) {
  constexpr int kUnsaid = -1;
  int gzip = kUnsaid, identity = kUnsaid, others = kUnsaid;
  ForEachPreference(accept_encoding, [&](const Preference& coding) {
    const absl::string_view name(coding.item.data(), coding.item.size());
    if (absl::EqualsIgnoreCase(name, "gzip") || absl::EqualsIgnoreCase(name, "x-gzip")) {
      gzip = std::max(gzip, coding.q_thousandths);
    } else if (absl::EqualsIgnoreCase(name, "identity")) {
      identity = std::max(identity, coding.q_thousandths);
    } else if (name == "*") {
      others = std::max(others, coding.q_thousandths);
    }
  });
  if (gzip == kUnsaid) gzip = others;
  return gzip > 0 && gzip >= identity;
}

std::optional<std::string> Gzip(std::string_view body) {
  if (body.size() < kMinGzipBytes || body.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  constexpr int kWindowBits = 15 + 16;  // 16 asks for a gzip header where zlib would write its own
  constexpr int kMemoryLevel = 8;
  z_stream stream = {};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  const absl::Cleanup end = [&stream] { deflateEnd(&stream); };
  std::string out;
  out.resize(deflateBound(&stream, body.size()));
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // zlib's type predates const
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), std::numeric_limits<uInt>::max()));
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  out.resize(stream.total_out);
  return out;
}

}  // namespace toolvitals
