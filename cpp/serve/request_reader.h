// From the bytes of a connection to the answers they ask for: everything of the request path that needs no socket.
// Floor: serve. Connections and the fuzzer share it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "serve/head_scanner.h"
#include "serve/router.h"

namespace toolvitals {

// One request and its answer.
struct Exchange {
  Answer answer;
  bool head_only = false;  // HEAD: the body is measured and not sent
  bool keep_alive = false;
  int minor_version = 1;
};

// Holds at most one head and one read's worth of bytes, provided that Next() is called until it gives nothing before
// more is appended. Not thread-safe.
class RequestReader {
 public:
  explicit RequestReader(const RouterConfig& config) : config_(config) {}

  void Append(std::string_view bytes) { buffer_.append(bytes); }

  // The next request that is complete, or the refusal of one that can never become valid; nullopt while more bytes are
  // needed. After an exchange without keep_alive nothing more comes.
  std::optional<Exchange> Next(const Health& health);

  // Whether the first bytes of a request are here and its last are not.
  bool in_request() const { return !buffer_.empty(); }

 private:
  Exchange Refuse(const Refusal& refusal);
  Exchange Accept(const Request& request, const Health& health);
  void Consume(size_t bytes);

  const RouterConfig& config_;
  HeadScanner scanner_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace toolvitals
