// A request as a value: the parts of its head that the router looks at.
// Floor: serve.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace toolvitals {

// What a client says that would turn the connection into a WebSocket (RFC 6455, section 4.1).
struct WebSocketOffer {
  std::string version;
  std::string key;
  std::string protocols;  // every such field, joined
};

struct Request {
  std::string method;
  std::string target;               // path and query, also of an absolute-form
  int minor_version = 1;            // HTTP/1.x
  std::optional<std::string> host;  // of the target where that names one, else of the Host field
  std::optional<std::string> origin;
  std::string accept;           // every Accept field, joined
  std::string accept_encoding;  // likewise
  std::string authorization;
  std::string if_none_match;                 // every such field, joined
  std::optional<WebSocketOffer> web_socket;  // of a request that asks for one
  bool keep_alive = false;
  bool has_body = false;
};

// Why a head is no request: the status to refuse it with, after which the connection is closed.
struct Refusal {
  unsigned status = 400;
  std::string_view reason;
};

// Parses a head that HeadScanner found complete. What parsers differ about is refused: a field twice that RFC 9110
// defines with one value, or Transfer-Encoding twice; a Content-Length that is a list; Content-Length beside
// Transfer-Encoding; any coding but chunked; a coding in HTTP/1.0; HTTP/1.1 without a Host; a Host or a URI for a
// target that is none.
std::variant<Request, Refusal> ParseRequest(std::string_view head);

}  // namespace toolvitals
