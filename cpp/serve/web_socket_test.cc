// WebSockets through a running server, with a handler that says everything again. Bytes as RFC 6455 has them.
// Floor: serve.
#include "serve/web_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <string>

#include "serve/response.h"
#include "serve/route_table.h"
#include "serve/serve_limits.h"
#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;

// Section 1.2: the key of a handshake, and what it is answered with.
constexpr std::string_view kOffer =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
constexpr std::string_view kAccept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
// Section 5.7: "Hello", masked by a client and unmasked by a server.
constexpr std::string_view kMaskedHello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
constexpr std::string_view kHello = "\x81\x05Hello";

class EchoSession : public WebSocketSession {
 public:
  EchoSession(WebSocket& socket, std::atomic<int>& open) : socket_(socket), open_(open) { ++open_; }
  void OnMessage(std::string_view message, WebSocket::Kind kind) override {
    if (message == "throw") throw std::runtime_error("asked for");
    if (message == "end") return socket_.End(1001);
    if (message == "flood") {
      while (socket_.Send(std::make_shared<const std::string>(1000, 'x'), kind)) {
      }
      flooded = socket_.queued_bytes();
      return;
    }
    socket_.Send(std::make_shared<const std::string>(message), kind);
  }
  void OnClose() noexcept override { --open_; }

  static inline std::atomic<size_t> flooded = 0;

 private:
  WebSocket& socket_;
  std::atomic<int>& open_;
};

class EchoHandler : public UpgradeHandler {
 public:
  std::string ChooseProtocol(std::string_view offered) override { return offered == "a, b" ? "b" : ""; }
  std::unique_ptr<WebSocketSession> Open(WebSocket& socket, const Request& request) override {
    if (request.target == "/refused") return nullptr;
    return std::make_unique<EchoSession>(socket, open);
  }
  std::atomic<int> open = 0;
};

class WebSocketTest : public ServerTestBase {
 protected:
  WebSocketTest() {
    for (const char* path : {"/echo", "/refused"}) EXPECT_TRUE(table_.Put({.path = path, .answer = handler_}).ok());
    tuning_.send_buffer_bytes = 4096;
  }
  void Serve(std::string token = "") {
    ServerOptions options = Options();
    options.routes = &table_;
    options.auth_token = std::move(token);
    Start(std::move(options));
  }
  TestClient Open() {
    TestClient client(json_port(), /*receive_buffer_bytes=*/4096);
    EXPECT_EQ(client.Get("/echo", kOffer).status, 101);
    return client;
  }
  // A short message, as a client sends it: masked, here with zeros.
  static std::string Frame(std::string_view text, char opcode = '\x81') {
    return std::string({opcode, static_cast<char>(0x80 | text.size()), 0, 0, 0, 0}).append(text);
  }
  void AwaitOpen(int count) {
    while (handler_->open != count) std::this_thread::yield();
  }

  const std::shared_ptr<EchoHandler> handler_ = std::make_shared<EchoHandler>();
  RouteTable table_;
};

TEST_F(WebSocketTest, SaysEverythingAgain) {
  Serve();
  TestClient client(json_port());
  const TestReply reply = client.Get("/echo", kOffer);
  ASSERT_EQ(reply.status, 101);
  EXPECT_THAT(reply.head, HasSubstr(std::string(kAccept)));
  EXPECT_THAT(reply.head, Not(HasSubstr("Sec-WebSocket-Protocol")));
  EXPECT_THAT(reply.head, Not(HasSubstr("Beast")));
  ASSERT_TRUE(client.Send(kMaskedHello));
  EXPECT_EQ(client.ReceiveBytes(kHello.size()), kHello);
  ASSERT_TRUE(client.Send(Frame("\x01", '\x82')));
  EXPECT_EQ(client.ReceiveBytes(3), "\x82\x01\x01") << "binary stays binary";
  ASSERT_TRUE(client.Send(Frame("are you there", '\x89')));
  EXPECT_EQ(client.ReceiveBytes(15),
            "\x8a\x0d"
            "are you there")
      << "a ping is answered";
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
  // Section 5.5.1: a goodbye is answered by the same, and the server closes.
  ASSERT_TRUE(client.Send(Frame("\x03\xe8", '\x88')));
  EXPECT_EQ(client.ReceiveBytes(4), "\x88\x02\x03\xe8");
  EXPECT_TRUE(client.IsClosedByServer());
  AwaitOpen(0);
}

TEST_F(WebSocketTest, ASubprotocolIsTheHandlersChoice) {
  Serve();
  const TestReply reply =
      TestClient(json_port()).Get("/echo", std::string(kOffer) + "Sec-WebSocket-Protocol: a, b\r\n");
  EXPECT_THAT(reply.head, HasSubstr("Sec-WebSocket-Protocol: b\r\n"));
}

TEST_F(WebSocketTest, WhatIsNoHandshakeIsRefused) {
  Serve();
  const auto refused = [&](std::string_view fields) {
    TestClient client(json_port());
    const TestReply reply = client.Get("/echo", fields);
    EXPECT_TRUE(client.IsClosedByServer()) << fields;
    return reply;
  };
  const TestReply plain = refused("");
  EXPECT_EQ(plain.status, 426);
  EXPECT_THAT(plain.head, HasSubstr("Upgrade: websocket\r\n"));
  const TestReply old = refused(
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_EQ(old.status, 426);
  EXPECT_THAT(old.head, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_EQ(refused("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n").status, 400);
  EXPECT_EQ(refused(std::string(kOffer) + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n").status, 400);
  EXPECT_EQ(refused(std::string(kOffer) + "Origin: http://evil.example\r\n").status, 403);
  // Another port of this machine is another origin.
  EXPECT_EQ(refused(std::string(kOffer) + "Origin: http://localhost:3000\r\n").status, 403);
  EXPECT_EQ(TestClient(json_port()).Get("/echo", std::string(kOffer) + "Origin: http://localhost\r\n").status, 101);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics", kOffer).status, 200) << "elsewhere it is a request as any";
}

TEST_F(WebSocketTest, NothingMayFollowBeforeTheAnswer) {
  Serve();
  TestClient client(json_port());
  client.Send("GET /echo HTTP/1.1\r\nHost: localhost\r\n" + std::string(kOffer) + "\r\n" + std::string(kMaskedHello));
  EXPECT_EQ(client.Receive().status, 400);
}

TEST_F(WebSocketTest, TheTokenIsWanted) {
  Serve("secret");
  EXPECT_EQ(TestClient(json_port()).Get("/echo", kOffer).status, 401);
  EXPECT_EQ(TestClient(json_port()).Get("/echo", std::string(kOffer) + "Authorization: Bearer secret\r\n").status, 101);
}

TEST_F(WebSocketTest, ClientsThatBreakTheRulesAreClosed) {
  Serve();
  const std::string too_long = std::string("\x81\xff\0\0\0\0\0\x01\0\x01\0\0\0\0", 14);  // 65537 bytes are announced
  for (const std::string& bytes :
       {std::string(kHello), too_long, std::string("\x83\x80\0\0\0\0", 6), std::string("\xc1\x80\0\0\0\0", 6)}) {
    TestClient client = Open();
    ASSERT_TRUE(client.Send(bytes));
    client.ReceiveRest();
  }
  AwaitOpen(0);
}

TEST_F(WebSocketTest, AHandlerRefusesFailsAndEnds) {
  Serve();
  EXPECT_EQ(TestClient(json_port()).Get("/refused", kOffer).status, 0);
  TestClient failing = Open();
  ASSERT_TRUE(failing.Send(Frame("throw")));
  EXPECT_EQ(failing.ReceiveRest(), "");
  TestClient ended = Open();
  ASSERT_TRUE(ended.Send(Frame("end")));
  EXPECT_EQ(ended.ReceiveBytes(4), "\x88\x02\x03\xe9");
  ASSERT_TRUE(ended.Send(Frame("\x03\xe9", '\x88')));
  EXPECT_TRUE(ended.IsClosedByServer());
  AwaitOpen(0);
}

TEST_F(WebSocketTest, WhoDoesNotReadIsNotWrittenTo) {
  Serve();
  TestClient client = Open();
  ASSERT_TRUE(client.Send(Frame("flood")));
  while (EchoSession::flooded == 0) std::this_thread::yield();
  EXPECT_LE(EchoSession::flooded, kMaxWebSocketQueueBytes);
  EXPECT_GT(EchoSession::flooded, kMaxWebSocketQueueBytes - 2000);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
  const size_t messages = EchoSession::flooded / 1000;
  // 4 bytes of each frame say what follows.
  EXPECT_EQ(client.ReceiveBytes(messages * 1004).size(), messages * 1004);
  ASSERT_TRUE(client.Send(kMaskedHello));
  EXPECT_EQ(client.ReceiveBytes(kHello.size()), kHello);
}

TEST_F(WebSocketTest, TheServersEndIsTheirs) {
  Serve();
  TestClient first = Open(), second = Open();
  AwaitOpen(2);
  server_->Stop();
  EXPECT_EQ(handler_->open, 0);
  EXPECT_TRUE(first.IsClosedByServer());
  server_.reset();
}

TEST_F(WebSocketTest, TheSilentArePingedAndThenClosed) {
  tuning_.web_socket_idle = tuning_.web_socket_pong = std::chrono::milliseconds(20);
  Serve();
  TestClient client = Open();
  EXPECT_EQ(client.ReceiveBytes(2), std::string("\x89\0", 2));
  ASSERT_TRUE(client.Send(Frame("", '\x8a')));
  EXPECT_EQ(client.ReceiveBytes(2), std::string("\x89\0", 2)) << "who answers is pinged again";
  EXPECT_EQ(client.ReceiveRest(), "") << "and who does not is closed";
  AwaitOpen(0);
}

}  // namespace
}  // namespace toolvitals
