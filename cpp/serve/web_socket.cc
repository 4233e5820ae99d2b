// The handshake, and a connection that speaks WebSocket by Beast.
// Floor: serve.
#include "serve/web_socket.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <deque>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "net/connection_pool.h"
#include "serve/checked_socket.h"
#include "serve/event_loop.h"
#include "serve/response.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

constexpr std::string_view kVersion = "13";

// At most one of these is under way at a time, as Beast wants it: a read, a write, a ping, a goodbye.
//
// Whoever says nothing for kWebSocketIdle is pinged, and closed where no answer comes within kWebSocketPong; pings are
// given by the pool's one sweep, so that idle clients cost no timer.
class WebSocketConnection final : public PooledConnection,
                                  public WebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(EventLoop& loop, Upgrade upgrade)
      : loop_(loop), upgrade_(std::move(upgrade)), stream_(loop.io), handshake_{http::verb::get, "/", 11} {
    waits_for_client_ = true;
  }
  ~WebSocketConnection() override { Close(); }

  [[nodiscard]] bool Adopt(int descriptor) override { return stream_.next_layer().Adopt(descriptor); }
  void Start() override;
  void Close() noexcept override;
  void OnDeadline() override;

  bool Send(std::shared_ptr<const std::string> message, Kind kind) override;
  void End(uint16_t status) override;
  size_t queued_bytes() const override { return queued_bytes_; }

 private:
  struct Message {
    std::shared_ptr<const std::string> bytes;
    Kind kind;
  };

  // Makes a handler of an asynchronous operation: keeps the connection alive, closes it on an error or an exception.
  template <typename Step>
  auto Then(Step step) {
    return [self = shared_from_this(), step](const boost::system::error_code& error, size_t bytes = 0) {
      (void)bytes;
      if (!self->is_open()) return;
      if (error) return self->Close();
      try {
        step(*self);
      } catch (...) {
        self->Close();
      }
    };
  }

  bool is_open() { return stream_.next_layer().is_open(); }
  void Await(std::chrono::milliseconds timeout);
  // The client said something. That moves no deadline of what it has to read.
  void Heard() {
    if (queue_.empty() && !ending_) Await(loop_.tuning.web_socket_idle);
  }
  void Read();
  void WriteNext();

  EventLoop& loop_;
  const Upgrade upgrade_;
  websocket::stream<CheckedSocket> stream_;
  http::request<http::empty_body> handshake_;
  std::unique_ptr<WebSocketSession> session_;
  boost::beast::flat_buffer received_;
  std::deque<Message> queue_;  // the first is being written
  size_t queued_bytes_ = 0;
  bool ending_ = false;
  bool pinged_ = false;  // and heard nothing since
};

void WebSocketConnection::Start() {
  const WebSocketOffer& offer = *upgrade_.request->web_socket;
  handshake_.set(http::field::host, upgrade_.request->host.value_or(""));
  handshake_.set(http::field::connection, "Upgrade");
  handshake_.set(http::field::upgrade, "websocket");
  handshake_.set(http::field::sec_websocket_version, offer.version);
  handshake_.set(http::field::sec_websocket_key, offer.key);
  stream_.set_option(websocket::stream_base::timeout{websocket::stream_base::none(), websocket::stream_base::none(),
                                                     /*keep_alive_pings=*/false});
  stream_.set_option(websocket::stream_base::decorator(
      [protocol = upgrade_.handler->ChooseProtocol(offer.protocols)](websocket::response_type& response) {
        if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
        response.set(http::field::server, "toolvitals");  // or Beast writes its own name
      }));
  stream_.read_message_max(kMaxWebSocketMessageBytes);
  // Both are answered by the stream; that anything came at all is what counts.
  stream_.control_callback([this](websocket::frame_type, boost::beast::string_view) { Heard(); });
  Await(loop_.tuning.head_timeout);
  session_ = upgrade_.handler->Open(*this, *upgrade_.request);
  if (session_ == nullptr) return Close();
  stream_.async_accept(handshake_, Then([](WebSocketConnection& self) {
                         self.Await(self.loop_.tuning.web_socket_idle);
                         self.session_->OnOpen();
                         if (!self.is_open()) return;
                         self.WriteNext();
                         self.Read();
                       }));
}

void WebSocketConnection::Await(std::chrono::milliseconds timeout) {
  pinged_ = false;
  deadline_ = std::chrono::steady_clock::now() + timeout;
  loop_.connections.Touch(*this);
}

void WebSocketConnection::OnDeadline() {
  // A handshake, a goodbye, a message or a ping that nobody took in all the time there was.
  if (pinged_ || ending_ || !queue_.empty() || !stream_.is_open()) return Close();
  Await(loop_.tuning.web_socket_pong);
  pinged_ = true;
  stream_.async_ping({}, Then([](WebSocketConnection&) {}));
}

void WebSocketConnection::Read() {
  stream_.async_read(received_, Then([](WebSocketConnection& self) {
                       self.Heard();
                       const auto bytes = self.received_.cdata();
                       self.session_->OnMessage({static_cast<const char*>(bytes.data()), bytes.size()},
                                                self.stream_.got_text() ? Kind::kText : Kind::kBinary);
                       self.received_.consume(bytes.size());
                       if (self.is_open()) self.Read();
                     }));
}

bool WebSocketConnection::Send(std::shared_ptr<const std::string> message, Kind kind) {
  if (ending_ || !is_open() || queued_bytes_ + message->size() > kMaxWebSocketQueueBytes) return false;
  queued_bytes_ += message->size();
  queue_.push_back({std::move(message), kind});
  // Before the handshake is done nothing is written.
  if (queue_.size() == 1 && stream_.is_open()) WriteNext();
  return true;
}

void WebSocketConnection::WriteNext() {
  if (queue_.empty()) return;
  Await(loop_.tuning.write_timeout);
  stream_.text(queue_.front().kind == Kind::kText);
  stream_.async_write(boost::asio::buffer(*queue_.front().bytes), Then([](WebSocketConnection& self) {
                        self.queued_bytes_ -= self.queue_.front().bytes->size();
                        self.queue_.pop_front();
                        self.Await(self.loop_.tuning.web_socket_idle);
                        if (!self.queue_.empty()) return self.WriteNext();
                        self.session_->OnSent();
                      }));
}

void WebSocketConnection::End(uint16_t status) {
  if (ending_ || !is_open()) return;
  Await(loop_.tuning.linger_timeout);
  ending_ = true;
  stream_.async_close(websocket::close_code(status), Then([](WebSocketConnection& self) { self.Close(); }));
}

void WebSocketConnection::Close() noexcept {
  if (!is_open()) return;
  stream_.next_layer().Close();
  if (session_ != nullptr) session_->OnClose();
  loop_.connections.Remove(*this);  // perhaps its last owner
}

// Whether a page of this origin lies at the host that the request is for.
bool IsSameOrigin(std::string_view origin, std::string_view host) {
  const size_t scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false;
  const std::string_view of_page = origin.substr(scheme_end + 3);
  return absl::EqualsIgnoreCase(absl::string_view(of_page.data(), of_page.size()),
                                absl::string_view(host.data(), host.size()));
}

}  // namespace

std::unique_ptr<Response> HandshakeProblem(const Request& request) {
  const auto problem = [](Response response, std::string_view headers) {
    response.extra_headers = headers;
    response.close = true;
    return std::make_unique<Response>(std::move(response));
  };
  if (!request.web_socket.has_value()) {
    return problem(ErrorResponse(426, "a WebSocket is spoken here"), "Upgrade: websocket\r\n");
  }
  if (request.web_socket->version != kVersion) {
    return problem(ErrorResponse(426, "version 13 of WebSockets is spoken here"),
                   "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
  }
  // 16 bytes in base 64.
  constexpr size_t kKeyBytes = 24;
  if (request.web_socket->key.size() != kKeyBytes)
    return problem(ErrorResponse(400, "Sec-WebSocket-Key is no key"), "");
  if (request.origin && !IsSameOrigin(*request.origin, request.host.value_or(""))) {
    return problem(ErrorResponse(403, "a page of another origin opens no WebSocket"), "");
  }
  return nullptr;
}

void OpenWebSocket(EventLoop& loop, int descriptor, const Upgrade& upgrade) noexcept {
  loop.connections.Welcome(descriptor, [&] { return std::make_shared<WebSocketConnection>(loop, upgrade); });
}

}  // namespace toolvitals
