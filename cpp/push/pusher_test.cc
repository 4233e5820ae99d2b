// Pushing to gateways that take it, refuse it, are not there, or never answer. The real one is in tests/interop.
// Floor: push.
#include "push/pusher.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "bridge/api.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

using std::chrono::milliseconds;
using Kind = PushOutcome::Kind;

constexpr auto kPatience = std::chrono::seconds(30);

// Listens on a free port of this machine. Answers each request with a status, or, with none, not at all.
class Gateway {
 public:
  explicit Gateway(int status) : status_(status), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = std::to_string(ntohs(address.sin_port));
    if (status_ != 0) thread_ = std::thread([this] { Serve(); });
  }
  ~Gateway() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  Pusher::Options options() const { return {"http://127.0.0.1", port_, "job", {{"instance@base64", "YS9i"}}, "", ""}; }
  std::string requests() const { return requests_; }  // when it has answered

 private:
  void Serve() {
    for (;;) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      std::string request;
      char buffer[65536];
      // Large requests wait for this before they send their body.
      bool continued = false;
      for (size_t wanted = std::string::npos; request.size() < wanted;) {
        const ssize_t got = recv(connection, buffer, sizeof(buffer), 0);
        if (got <= 0) break;
        request.append(buffer, static_cast<size_t>(got));
        const size_t end = request.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        if (!continued && request.find("100-continue") != std::string::npos) {
          Send(connection, "HTTP/1.1 100 Continue\r\n\r\n");
          continued = true;
        }
        const size_t length = request.find("Content-Length: ");
        wanted = end + 4 + (length == std::string::npos ? 0 : std::stoul(request.substr(length + 16)));
      }
      requests_ += request.substr(0, request.find("\r\n")) + "\n";
      Send(connection,
           "HTTP/1.1 " + std::to_string(status_) + " Words\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
      close(connection);
    }
  }
  static void Send(int connection, const std::string& text) {
    EXPECT_EQ(send(connection, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }

  const int status_;
  const int listener_;
  std::string port_;
  std::string requests_;
  std::thread thread_;
};

class PusherTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Collector::InitGlobal().ok()); }
};

TEST_F(PusherTest, EachOperationIsItsMethod) {
  const Gateway gateway(202);
  Pusher pusher(GlobalApi(), gateway.options());
  EXPECT_EQ(pusher.Perform(PushOperation::kReplace, kPatience).kind, Kind::kDone);
  EXPECT_EQ(pusher.Perform(PushOperation::kAdd, kPatience).kind, Kind::kDone);
  EXPECT_EQ(pusher.Perform(PushOperation::kDelete, kPatience).kind, Kind::kDone);
  EXPECT_EQ(pusher.successes(), 3u);
  EXPECT_EQ(pusher.failures(), 0u);
  EXPECT_TRUE(gateway.requests().starts_with("PUT /metrics/job/job/instance@base64/YS9i ")) << gateway.requests();
  EXPECT_NE(gateway.requests().find("POST /metrics/job/job/"), std::string::npos);
  EXPECT_NE(gateway.requests().find("DELETE /metrics/job/job/"), std::string::npos);
}

TEST_F(PusherTest, ARefusalSaysItsStatus) {
  const Gateway gateway(400);
  Pusher pusher(GlobalApi(), gateway.options());
  const PushOutcome outcome = pusher.Perform(PushOperation::kReplace, kPatience);
  EXPECT_EQ(outcome.kind, Kind::kRefused);
  EXPECT_EQ(outcome.code, 400);
  EXPECT_EQ(pusher.failures(), 1u);
}

TEST_F(PusherTest, AGatewayThatIsNotThere) {
  const Pusher::Options options = Gateway(0).options();
  Pusher pusher(GlobalApi(), options);
  const PushOutcome outcome = pusher.Perform(PushOperation::kAdd, kPatience);
  EXPECT_EQ(outcome.kind, Kind::kUnreachable);
  EXPECT_EQ(outcome.code, 7);  // CURLE_COULDNT_CONNECT
}

TEST_F(PusherTest, AGatewayThatNeverAnswersHoldsNobodyUp) {
  auto gateway = std::make_unique<Gateway>(0);
  {
    Pusher pusher(GlobalApi(), gateway->options());
    EXPECT_EQ(pusher.Perform(PushOperation::kReplace, milliseconds(50)).kind, Kind::kTimedOut);
    EXPECT_EQ(pusher.Perform(PushOperation::kReplace, milliseconds(50)).kind, Kind::kBusy);
    EXPECT_EQ(pusher.failures(), 1u);
  }
  // The operation that is left ends with its connection.
  gateway.reset();
}

TEST_F(PusherTest, OperationsOfManyThreadsWaitForEachOther) {
  const Gateway gateway(200);
  Pusher pusher(GlobalApi(), gateway.options());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_EQ(pusher.Perform(PushOperation::kAdd, kPatience).kind, Kind::kDone); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(pusher.successes(), 8u);
}

TEST_F(PusherTest, AChildBeginsAfresh) {
  const Gateway gateway(0);
  Pusher pusher(GlobalApi(), gateway.options());
  EXPECT_EQ(pusher.Perform(PushOperation::kReplace, milliseconds(10)).kind, Kind::kTimedOut);
  pusher.BeginAfreshInChild();
  EXPECT_EQ(pusher.Perform(PushOperation::kReplace, milliseconds(10)).kind, Kind::kTimedOut);
  EXPECT_EQ(pusher.successes() + pusher.failures(), 0u);
}

}  // namespace
}  // namespace toolvitals
