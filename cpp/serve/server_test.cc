// The server over real sockets, with a source of the test's. Floor: serve.
#include "serve/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ServerTest : public ServerTestBase {};

TEST_F(ServerTest, EachPortHasItsDefault) {
  Start();
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").body, "{\"uptime\": 1}");
  EXPECT_EQ(TestClient(text_port()).Get("/metrics").body, std::string(kBodyBytes, 'x'));
  EXPECT_EQ(TestClient(text_port()).Get("/metrics.json").body, "{\"uptime\": 3}");
  EXPECT_EQ(TestClient(json_port()).Get("/metrics", "Accept: text/plain;version=0.0.4\r\n").body.size(), kBodyBytes);
  EXPECT_THAT(TestClient(json_port()).Get("/health").body, HasSubstr("\"status\": \"ok\""));
}

TEST_F(ServerTest, KeepsAliveAndPipelines) {
  Start();
  TestClient client(json_port());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Get("/health").status, 200);
  const std::string health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string metrics = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string missing = "GET /missing HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(client.Send(health + metrics + missing + metrics + metrics));
  EXPECT_EQ(client.Receive().status, 200);
  EXPECT_THAT(client.Receive().body, HasSubstr("uptime"));
  EXPECT_EQ(client.Receive().status, 404);
  EXPECT_THAT(client.Receive().body, HasSubstr("uptime"));
  EXPECT_THAT(client.Receive().body, HasSubstr("uptime"));
}

TEST_F(ServerTest, HeadIsGetWithoutABody) {
  Start();
  TestClient client(text_port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_THAT(client.Receive(/*head_only=*/true).head, HasSubstr("Content-Length: 2000\r\n"));
  }
  EXPECT_EQ(client.Get("/metrics").body.size(), kBodyBytes);
}

TEST_F(ServerTest, GzipWhereAccepted) {
  Start();
  const TestReply reply = TestClient(text_port()).Get("/metrics", "Accept-Encoding: gzip\r\n");
  EXPECT_THAT(reply.head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_LT(reply.body.size(), kBodyBytes);
  EXPECT_THAT(TestClient(json_port()).Get("/metrics", "Accept-Encoding: gzip\r\n").head, Not(HasSubstr("gzip")));
}

TEST_F(ServerTest, BadRequestsAreAnsweredAndTheConnectionEnds) {
  Start();
  const struct {
    std::string request;
    int status;
  } kCases[] = {
      {"GET /health HTTP/1.1\nHost: localhost\n\n", 400},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n", 400},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", 400},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400},
      {"GET /health HTTP/1.1\r\n\r\n", 400},
      {"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403},
      {"POST /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 405},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 413},
      {"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(64 * 1024, 'x') + "\r\n\r\n", 431},
      {"GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n", 505},
  };
  for (const auto& bad : kCases) {
    TestClient client(json_port());
    client.Send(bad.request);
    EXPECT_EQ(client.Receive().status, bad.status) << bad.request.substr(0, 100);
    EXPECT_TRUE(client.IsClosedByServer()) << bad.request.substr(0, 100);
  }
}

TEST_F(ServerTest, ScrapesThatWaitTogetherShareASnapshot) {
  std::mutex mutex;
  std::condition_variable changed;
  bool blocked = false, released = false;
  ServerOptions options = Options();
  const SnapshotSource source = options.snapshot;
  options.snapshot = [&, first = true]() mutable {
    if (std::exchange(first, false)) {
      std::unique_lock lock(mutex);
      blocked = true;
      changed.notify_all();
      changed.wait(lock, [&] { return released; });
    }
    return source();
  };
  Start(std::move(options));

  // While the first scrape holds the loop, twenty more arrive.
  const std::string get = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::vector<TestClient> clients;
  for (int i = 0; i < 21; ++i) clients.emplace_back(json_port());
  clients[0].Send(get);
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return blocked; });
  }
  for (int i = 1; i < 21; ++i) clients[i].Send(get);
  {
    const std::lock_guard lock(mutex);
    released = true;
    changed.notify_all();
  }
  for (TestClient& client : clients) EXPECT_EQ(client.Receive().status, 200);
  // Clients not yet accepted when the loop went on may need a second round, hence not exactly two.
  EXPECT_LE(snapshots_.load(), 4);
}

TEST_F(ServerTest, EveryAnsweredScrapeIsObserved) {
  std::atomic<int> observed = 0;
  ServerOptions options = Options();
  options.observe_scrape = [&observed](std::chrono::nanoseconds took) {
    EXPECT_GE(took.count(), 0);
    ++observed;
  };
  Start(std::move(options));
  TestClient client(json_port());
  for (int i = 0; i < 5; ++i) client.Get("/metrics");
  client.Get("/health");
  server_->Stop();
  EXPECT_EQ(observed.load(), 5);
}

TEST_F(ServerTest, WhatTheSourceOrARendererThrowsIsAnError500) {
  ServerOptions options = Options();
  std::atomic<int> mode = 0;
  const SnapshotSource source = options.snapshot;
  options.snapshot = [&mode, source]() -> std::shared_ptr<const Snapshot> {
    if (mode == 0) throw std::bad_alloc();
    if (mode == 1) throw 42;
    if (mode == 2) return nullptr;
    return source();
  };
  Start(std::move(options));
  for (mode = 0; mode < 3; ++mode) EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 500);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics", "Accept: application/openmetrics-text\r\n").status, 500);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
}

TEST_F(ServerTest, APortInUseIsNamedAndNothingIsLeft) {
  Start();
  const size_t descriptors = CountEntries("/proc/self/fd");
  const size_t threads = CountEntries("/proc/self/task");
  ServerOptions options = Options();
  options.listeners[1].port = json_port();
  const auto second = TryStart(std::move(options));
  EXPECT_TRUE(absl::IsAlreadyExists(second.status()));
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr("port " + std::to_string(json_port()) + " on 127.0.0.1 is already in use"));
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors);
  EXPECT_EQ(CountEntries("/proc/self/task"), threads);
}

TEST_F(ServerTest, BadOptionsAreNamed) {
  for (const char* host : {"", "[]", "999.999.999.999", "no such host", "203.0.113.77"}) {
    ServerOptions options = Options();
    options.host = host;
    EXPECT_TRUE(absl::IsInvalidArgument(TryStart(std::move(options)).status())) << host;
  }
  ServerOptions no_listener = Options();
  no_listener.listeners.clear();
  EXPECT_TRUE(absl::IsInvalidArgument(TryStart(std::move(no_listener)).status()));
  ServerOptions no_format = Options();
  no_format.listeners[0].default_format = "yaml";
  EXPECT_THAT(std::string(TryStart(std::move(no_format)).status().message()), HasSubstr("yaml"));
  ServerOptions no_source = Options();
  no_source.snapshot = nullptr;
  EXPECT_TRUE(absl::IsInvalidArgument(TryStart(std::move(no_source)).status()));
}

TEST_F(ServerTest, HostsMayBeNamesBracketsAndWildcards) {
  for (const char* host : {"localhost", "0.0.0.0", "127.0.0.2", "[::1]", "::1", "::"}) {
    ServerOptions options = Options();
    options.host = host;
    auto server = TryStart(std::move(options));
    if (std::string(host).find(':') != std::string::npos && !server.ok()) continue;  // IPv6 may be off here
    ASSERT_TRUE(server.ok()) << host << ": " << server.status();
    EXPECT_NE((*server)->ports()[0], 0);
    EXPECT_NE((*server)->ports()[0], (*server)->ports()[1]);
    const bool listens_on_localhost = std::string(host) == "localhost" || std::string(host) == "0.0.0.0";
    if (listens_on_localhost) {
      EXPECT_EQ(TestClient((*server)->ports()[0]).Get("/health").status, 200) << host;
    }
  }
}

TEST_F(ServerTest, TheThreadIsNamedAndTakesNoSignals) {
  Start();
  EXPECT_EQ(TestClient(json_port()).Get("/health").status, 200);  // by now it has its name
  int found = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name, line;
    std::getline(std::ifstream(task.path() / "comm"), name);
    if (name != "toolvitals") continue;
    ++found;
    std::ifstream status(task.path() / "status");
    while (std::getline(status, line)) {
      // SIGTERM (15) and SIGINT (2) stand for all; the C library keeps two for itself.
      if (line.rfind("SigBlk:", 0) == 0) {
        const uint64_t mask = std::stoull(line.substr(7), nullptr, 16);
        EXPECT_NE(mask & (uint64_t{1} << 14), 0u);
        EXPECT_NE(mask & (uint64_t{1} << 1), 0u);
      }
    }
  }
  EXPECT_EQ(found, 1);
}

}  // namespace
}  // namespace toolvitals
