// From bytes to requests by Beast's parser, behind the strict scan of the head. Floor: serve.
#include "serve/request_reader.h"

#include <utility>

#include "serve/serve_limits.h"

namespace toolvitals {

std::optional<Exchange> RequestReader::Next(const Health& health) {
  if (ended_ || buffer_.empty()) return std::nullopt;
  switch (scanner_.Scan(buffer_)) {
    case HeadScanner::Verdict::kNeedMore:
      return std::nullopt;
    case HeadScanner::Verdict::kMalformed:
      return Refuse({400, "malformed request"});
    case HeadScanner::Verdict::kTooLarge:
      return Refuse({431, "the head of the request is too large"});
    case HeadScanner::Verdict::kComplete:
      break;
  }
  const size_t head_bytes = scanner_.head_bytes();
  const auto parsed = ParseRequest(std::string_view(buffer_).substr(0, head_bytes));
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) return Refuse(*refusal);
  Consume(head_bytes);
  return Accept(std::get<Request>(parsed), health);
}

Exchange RequestReader::Refuse(const Refusal& refusal) {
  ended_ = true;
  Consume(buffer_.size());
  return Exchange{.answer = ErrorResponse(refusal.status, refusal.reason)};
}

Exchange RequestReader::Accept(const Request& request, const Health& health) {
  Exchange exchange = {.answer = RouteRequest(request, config_, health),
                       .head_only = request.method == "HEAD",
                       .keep_alive = request.keep_alive && !request.has_body,
                       .minor_version = request.minor_version};
  // Before it is answered, a client has nothing to say on a WebSocket (RFC 6455, section 4.1).
  if (std::holds_alternative<Upgrade>(exchange.answer) && !buffer_.empty()) {
    return Refuse({400, "something behind a handshake"});
  }
  const Response* response = std::get_if<Response>(&exchange.answer);
  if (response != nullptr && response->close) exchange.keep_alive = false;
  if (!exchange.keep_alive) {
    ended_ = true;
    Consume(buffer_.size());
  }
  return exchange;
}

void RequestReader::Consume(size_t bytes) {
  buffer_.erase(0, bytes);
  // A client that once sent a large head does not hold its memory while it idles.
  if (buffer_.empty() && buffer_.capacity() > kReadChunkBytes) std::string().swap(buffer_);
  scanner_.Reset();
}

}  // namespace toolvitals
