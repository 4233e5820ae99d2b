// Reading an Accept-Encoding header, and gzip by zlib. Floor: serve.
#include "serve/encoding.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

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

namespace {

bool Start(z_stream& stream, int level = kGzipLevel) {
  constexpr int kWindowBits = 15 + 16;  // 16 asks for a gzip header where zlib would write its own
  constexpr int kMemoryLevel = 8;
  return deflateInit2(&stream, level, Z_DEFLATED, kWindowBits, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK;
}

void SetInput(z_stream& stream, std::string_view input) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));  // zlib's type predates const
  stream.avail_in = static_cast<uInt>(input.size());
}

}  // namespace

std::optional<std::string> Gzip(std::string_view body, int level) {
  if (body.size() < kMinGzipBytes || body.size() > std::numeric_limits<uInt>::max()) return std::nullopt;
  z_stream stream = {};
  if (!Start(stream, level)) return std::nullopt;
  const absl::Cleanup end = [&stream] { deflateEnd(&stream); };
  std::string out;
  out.resize(deflateBound(&stream, body.size()));
  SetInput(stream, body);
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(std::min<size_t>(out.size(), std::numeric_limits<uInt>::max()));
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  out.resize(stream.total_out);
  return out;
}

struct GzipStream::State {
  z_stream stream = {};
};

GzipStream::GzipStream() : state_(std::make_unique<State>()) {
  if (!Start(state_->stream)) throw std::bad_alloc();
}

GzipStream::~GzipStream() { deflateEnd(&state_->stream); }

void GzipStream::Append(std::string_view piece, bool is_last, std::string& out) {
  constexpr size_t kMaxStep = std::numeric_limits<uInt>::max() / 2;
  z_stream& stream = state_->stream;
  do {
    const std::string_view step = piece.substr(0, kMaxStep);
    piece.remove_prefix(step.size());
    SetInput(stream, step);
    const int flush = is_last && piece.empty() ? Z_FINISH : Z_NO_FLUSH;
    for (bool full = true; full;) {
      const size_t used = out.size();
      out.resize(used + std::max<size_t>(step.size() / 4, kMinGzipBytes));
      stream.next_out = reinterpret_cast<Bytef*>(out.data() + used);
      stream.avail_out = static_cast<uInt>(out.size() - used);
      deflate(&stream, flush);
      full = stream.avail_out == 0;
      out.resize(out.size() - stream.avail_out);
    }
  } while (!piece.empty());
}

}  // namespace toolvitals
