// Fuzzes the request path from bytes to answers: the strict pre-check, Beast's parser and the router.
// Input: one byte that says how the rest arrives, then what a client sends on one connection.
//
// Held against it: a second, deliberately plain reading of the grammar below. Whatever that reading refuses must never
// be answered with 200, and how the bytes are cut must not matter.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
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

bool IsAllowedRequestLine(std::string_view line) {
  const bool get = line.substr(0, 4) == "GET ", head = line.substr(0, 5) == "HEAD ";
  if (!get && !head) return false;
  line.remove_prefix(get ? 4 : 5);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view version = line.substr(space + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return false;
  const std::string_view path = line.substr(0, std::min(line.find('?'), space));
  return path == "/metrics" || path == "/metrics.json" || path == "/health";
}

// Takes one request off `rest`. False: no server that is careful answers it with 200.
bool TakeAllowedRequest(std::string_view& rest) {
  const size_t before = rest.size();
  std::string_view line;
  if (!TakeLine(rest, line) || !IsAllowedRequestLine(line)) return false;
  const bool http11 = line.back() == '1';
  int hosts = 0, lengths = 0;
  for (;;) {
    if (!TakeLine(rest, line)) return false;
    if (line.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string name = Lower(line.substr(0, colon));
    if (name.find_first_of(" \t") != std::string::npos) return false;
    if (line.find('\0') != std::string_view::npos) return false;
    if (name == "host") ++hosts;
    if (name == "transfer-encoding") return false;
    if (name == "content-length") {
      ++lengths;
      std::string_view value = line.substr(colon + 1);
      if (value.find_first_not_of("0 \t") != std::string_view::npos) return false;
      if (value.find('0') == std::string_view::npos) return false;
    }
  }
  return before - rest.size() <= kMaxRequestHeadBytes && lengths <= 1 && (http11 ? hosts == 1 : hosts <= 1);
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
