// Fuzzes the request path from bytes to answers: the strict pre-check, Beast's parser and the router.
// Input: one byte that says how the rest arrives, then what a client sends on one connection.
//
// Held against it: a second, deliberately plain reading of the grammar below. Whatever that reading refuses must never
// be answered with 200, and how the bytes are cut must not matter.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "serve/fake_formats.h"
#include "serve/request_reader.h"
#include "serve/serve_limits.h"

namespace {

using namespace toolvitals;

void Require(bool holds) {
  if (!holds) std::abort();
}

struct Reply {
  unsigned status;
  bool keep_alive;
  friend bool operator==(const Reply&, const Reply&) = default;
};

std::vector<Reply> ReadAll(std::string_view bytes, size_t piece) {
  static const RouterConfig config = {
      .formats = kFakeFormats, .default_format = &kFakeJson, .loopback = true, .auth_token = ""};
  RequestReader reader(config);
  std::vector<Reply> replies;
  while (!bytes.empty()) {
    const size_t taken = std::min(piece, bytes.size());
    reader.Append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    while (const auto exchange = reader.Next({.uptime_seconds = 1, .pid = 1})) {
      Require(replies.empty() || replies.back().keep_alive);  // nothing comes after the connection's end
      const Response* response = std::get_if<Response>(&exchange->answer);
      replies.push_back({response == nullptr ? 200 : response->status, exchange->keep_alive});
    }
  }
  return replies;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Takes a line that ends in CRLF off `rest`; false when there is none, or a bare CR or LF before it.
bool TakeLine(std::string_view& rest, std::string_view& line) {
  const size_t end = rest.find_first_of("\r\n");
  if (end == std::string_view::npos || rest.substr(end, 2) != "\r\n") return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return true;
}

bool StartsWith(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

// Whether a host and port are, at first sight, this machine's loopback.
bool LooksLoopback(const std::string& host) {
  return StartsWith(host, "localhost") || StartsWith(host, "127.") || StartsWith(host, "[");
}

// `absolute` becomes whether the line names a host itself.
bool IsAllowedRequestLine(std::string_view line, bool& absolute) {
  const bool get = StartsWith(line, "GET "), head = StartsWith(line, "HEAD ");
  if (!get && !head) return false;
  line.remove_prefix(get ? 4 : 5);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view version = line.substr(space + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  std::string_view path = line.substr(0, std::min(line.find('?'), space));
  absolute = StartsWith(Lower(path), "http://");
  if (absolute) {
    path.remove_prefix(7);
    const size_t slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string host = Lower(path.substr(0, slash));
    if (!LooksLoopback(host) || host.find('@') != std::string::npos) return false;
    path.remove_prefix(slash);
  }
  return path == "/metrics" || path == "/metrics.json" || path == "/health";
}

// Takes one request off `rest`. False: no server that is careful answers it with 200.
bool TakeAllowedRequest(std::string_view& rest) {
  static const std::set<std::string> single = {"authorization",
                                               "content-length",
                                               "content-location",
                                               "content-range",
                                               "content-type",
                                               "date",
                                               "from",
                                               "host",
                                               "if-range",
                                               "if-modified-since",
                                               "if-unmodified-since",
                                               "origin",
                                               "max-forwards",
                                               "transfer-encoding",
                                               "range",
                                               "proxy-authorization",
                                               "referer",
                                               "user-agent"};
  const size_t before = rest.size();
  std::string_view line;
  bool absolute = false;
  if (!TakeLine(rest, line) || !IsAllowedRequestLine(line, absolute)) return false;
  const bool http11 = line.back() == '1';
  std::set<std::string> names;
  for (;;) {
    if (!TakeLine(rest, line)) return false;
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string name = Lower(line.substr(0, colon));
    std::string_view value = line.substr(colon + 1);
    if (name.find_first_of(" \t") != std::string::npos) return false;
    for (const char c : value) {
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    if (!names.insert(name).second && single.count(name) > 0) return false;
    if (name == "transfer-encoding") return false;
    if (name == "content-length") {
      if (value.find_first_not_of("0 \t") != std::string_view::npos) return false;
      if (value.find('0') == std::string_view::npos) return false;
    }
    if (name == "host" && !absolute) {
      value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
      if (!LooksLoopback(Lower(value))) return false;
    }
  }
  return before - rest.size() <= kMaxRequestHeadBytes && (!http11 || names.count("host") > 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const size_t piece = data[0] == 0 ? kReadChunkBytes : data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<Reply> replies = ReadAll(bytes, bytes.size());
  Require(ReadAll(bytes, piece) == replies);

  std::string_view rest = bytes;
  for (const Reply& reply : replies) {
    if (reply.status != 200) {
      // What is refused or not found keeps the connection only when its head was sound; there the reading ends.
      if (reply.keep_alive) Require(reply.status == 401 || reply.status == 404);
      break;
    }
    Require(TakeAllowedRequest(rest));
  }
  return 0;
}
