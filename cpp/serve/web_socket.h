// A WebSocket (RFC 6455) that began as a request: the handshake and the frames are the server's, what is said is a
// handler's.
// Floor: serve.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "serve/request.h"

namespace toolvitals {

struct EventLoop;
struct Response;

// The server's end of one connection. Belongs to the loop's thread.
class WebSocket {
 public:
  enum class Kind { kText, kBinary };

  virtual ~WebSocket() = default;
  // Queues a message; many connections may share one. False, and nothing is queued, where the client has not read what
  // was sent before (kMaxWebSocketQueueBytes), or the connection is closing.
  virtual bool Send(std::shared_ptr<const std::string> message, Kind kind) = 0;
  // Says goodbye with a status of RFC 6455, section 7.4, after what is being written.
  virtual void End(uint16_t status) = 0;
  // What is queued and not yet with the kernel.
  virtual size_t queued_bytes() const = 0;
};

// What a handler keeps for one connection. Every method is called by the loop's thread, and may use the socket; what it
// throws ends the connection.
class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;
  virtual void OnOpen() {}  // the handshake is done
  virtual void OnMessage(std::string_view message, WebSocket::Kind kind) = 0;
  virtual void OnSent() {}            // the queue is empty again
  virtual void OnClose() noexcept {}  // the last call; the socket is of no use any more
};

class UpgradeHandler {
 public:
  virtual ~UpgradeHandler() = default;
  // One of the subprotocols that the client offered, a list with commas; or empty for none.
  virtual std::string ChooseProtocol(std::string_view offered) {
    (void)offered;
    return {};
  }
  // Called by the loop's thread for a request that passed every check. The socket outlives the session. Null, or an
  // exception, closes the connection.
  virtual std::unique_ptr<WebSocketSession> Open(WebSocket& socket, const Request& request) = 0;
};

// An answer that is a connection of another kind.
struct Upgrade {
  std::shared_ptr<UpgradeHandler> handler;
  std::shared_ptr<const Request> request;
};

// What is wrong with the handshake, or null. 426 for another version, or for no handshake at all, on a path that is
// nothing else; 403 for a page of another origin than the host that it asks, which no browser would keep away.
std::unique_ptr<Response> HandshakeProblem(const Request& request);

// Takes over an accepted and tracked socket whose request is answered by the upgrade.
void OpenWebSocket(EventLoop& loop, int descriptor, const Upgrade& upgrade) noexcept;

}  // namespace toolvitals
