// Clients and machines that misbehave.
// Floor: serve.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

using std::chrono::milliseconds;

class ServerFaultsTest : public ServerTestBase {};

TEST_F(ServerFaultsTest, AClientThatSaysNothingIsClosed) {
  tuning_.head_timeout = milliseconds(30);
  Start();
  EXPECT_TRUE(TestClient(json_port()).IsClosedByServer());
}

TEST_F(ServerFaultsTest, AHeadThatNeverEndsIsClosedHoweverItTrickles) {
  tuning_.head_timeout = milliseconds(50);
  Start();
  TestClient client(json_port());
  ASSERT_TRUE(client.Send("GET /health HTTP/1.1\r\n"));
  // Each byte is activity, and none of them moves the deadline.
  while (client.Send("X")) std::this_thread::sleep_for(milliseconds(1));
}

TEST_F(ServerFaultsTest, ALaterRequestHasItsOwnDeadline) {
  tuning_.head_timeout = milliseconds(50);
  Start();
  TestClient client(json_port());
  EXPECT_EQ(client.Get("/health").status, 200);
  ASSERT_TRUE(client.Send("GET /hea"));
  EXPECT_TRUE(client.IsClosedByServer());
}

TEST_F(ServerFaultsTest, AnIdleClientIsClosed) {
  tuning_.idle_timeout = milliseconds(30);
  Start();
  TestClient client(json_port());
  EXPECT_EQ(client.Get("/metrics").status, 200);
  EXPECT_TRUE(client.IsClosedByServer());
}

TEST_F(ServerFaultsTest, AClientThatNeverReadsIsClosedAndHoldsNobodyUp) {
  tuning_.write_timeout = milliseconds(200);
  tuning_.send_buffer_bytes = 4096;
  body_bytes_ = 8'000'000;
  Start();
  TestClient glutton(text_port(), /*receive_buffer_bytes=*/4096);
  const std::string get = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 100; ++i) glutton.Send(get);
  EXPECT_EQ(TestClient(json_port()).Get("/health").status, 200);
  // All it ever gets is the start of one response.
  while (snapshots_ == 0) std::this_thread::yield();
  std::this_thread::sleep_for(tuning_.write_timeout + 20 * tuning_.sweep_interval);
  EXPECT_EQ(glutton.Receive().status, 0);
  EXPECT_EQ(snapshots_.load(), 1) << "what is not read is not rendered";
}

TEST_F(ServerFaultsTest, ARefusedClientThatGoesOnSendingIsClosed) {
  tuning_.linger_timeout = milliseconds(30);
  Start();
  TestClient client(json_port());
  ASSERT_TRUE(client.Send("garbage\r\n\r\n"));
  EXPECT_EQ(client.Receive().status, 400);
  while (client.Send(std::string(1000, 'x'))) {
  }
}

TEST_F(ServerFaultsTest, IdleClientsMakeRoomForThoseWhoAsk) {
  tuning_.max_connections = 8;
  Start();
  std::vector<TestClient> idle;
  for (int i = 0; i < 100; ++i) {
    idle.emplace_back(json_port());
    EXPECT_EQ(TestClient(json_port()).Get("/health").status, 200);
  }
  EXPECT_TRUE(idle.front().IsClosedByServer());
}

TEST_F(ServerFaultsTest, TenThousandIdleClients) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // Both ends of each connection are this process's.
  const size_t clients = std::min<size_t>(10'000, (limit.rlim_cur - 200) / 2);
  tuning_.max_connections = clients + 10;
  Start();
  {
    std::vector<TestClient> idle;
    idle.reserve(clients);
    for (size_t i = 0; i < clients; ++i) {
      idle.emplace_back(json_port());
      ASSERT_TRUE(idle.back().connected()) << i;
    }
    EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
    // None was dropped: the first, some in between and the last are still answered.
    for (size_t i = 0; i < clients; i += clients / 10) EXPECT_EQ(idle[i].Get("/health").status, 200) << i;
    EXPECT_EQ(idle.back().Get("/health").status, 200);
    server_->Stop();
    EXPECT_TRUE(idle.back().IsClosedByServer());
  }
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(ServerFaultsTest, AFullDescriptorTableIsWaitedOut) {
  Start();
  TestClient before(json_port());
  ASSERT_EQ(before.Get("/health").status, 200);
  TestClient waiting = [this] {
    // The client's own descriptor must exist before the table is full.
    rlimit limit = {};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit saved = limit;
    const int probe = dup(0);
    limit.rlim_cur = static_cast<rlim_t>(probe) + 1;
    close(probe);
    setrlimit(RLIMIT_NOFILE, &limit);
    TestClient client(json_port());  // takes the last number
    EXPECT_EQ(dup(0), -1);
    client.Send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    std::this_thread::sleep_for(5 * tuning_.accept_backoff);
    setrlimit(RLIMIT_NOFILE, &saved);
    return client;
  }();
  EXPECT_EQ(before.Get("/health").status, 200);
  EXPECT_EQ(waiting.Receive().status, 200);
}

TEST_F(ServerFaultsTest, StopReturnsWhateverClientsDo) {
  tuning_.send_buffer_bytes = 4096;
  body_bytes_ = 8'000'000;
  Start();
  TestClient silent(json_port());
  TestClient half(json_port());
  half.Send("GET /health HT");
  TestClient glutton(text_port(), 4096);
  glutton.Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  while (snapshots_ == 0) std::this_thread::yield();
  server_->Stop();
  EXPECT_TRUE(silent.IsClosedByServer());
  EXPECT_TRUE(half.IsClosedByServer());
  EXPECT_FALSE(TestClient(json_port()).connected());
}

}  // namespace
}  // namespace toolvitals
