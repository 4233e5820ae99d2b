// Bodies that are made while they are sent: the same bytes, whatever the client is and does.
// Floor: serve.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "base/testing.h"
#include "render/prometheus_text.h"
#include "serve/gunzip.h"
#include "serve/serve_limits.h"
#include "serve/server.h"
#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

SharedSnapshot LargeSnapshot(size_t series) {
  auto snapshot = std::make_shared<Snapshot>();
  auto info = std::make_shared<FamilyInfo>();
  info->name = "many";
  info->type = FamilyType::kCounter;
  auto labels = std::make_shared<LabelSets>();
  FamilySnapshot family;
  for (size_t i = 0; i < series; ++i) {
    labels->push_back(std::make_shared<const LabelSet>(LabelSet::Pairs{{"i", std::to_string(i)}}));
    family.values.emplace_back(uint64_t{i});
  }
  family.info = std::move(info);
  family.labels = std::move(labels);
  snapshot->families.push_back(std::move(family));
  return snapshot;
}

class ServerStreamTest : public ServerTestBase {
 protected:
  ServerStreamTest() {
    tuning_.formats = {};
    tuning_.whole_body_bytes = 20'000;
    tuning_.piece_bytes = 5'000;
    // What the kernel takes must not hide who waits for whom.
    tuning_.send_buffer_bytes = 4096;
  }

  void StartLarge(size_t series = 50'000) {
    snapshot_ = LargeSnapshot(series);
    RenderPrometheusText(*snapshot_, whole_);
    ServerOptions options = Options();
    options.snapshot = [this] { return snapshot_; };
    options.observe_scrape = [this](std::chrono::nanoseconds) { ++scrapes_; };
    Start(std::move(options));
  }

  SharedSnapshot snapshot_;
  std::string whole_;
  std::atomic<int> scrapes_ = 0;
};

TEST_F(ServerStreamTest, ALargeBodyComesInChunks) {
  StartLarge();
  TestClient client(text_port());
  for (int i = 1; i <= 2; ++i) {
    const TestReply reply = client.Get("/metrics", "Accept: text/plain;version=0.0.4\r\n");
    EXPECT_EQ(reply.status, 200);
    EXPECT_THAT(reply.head, HasSubstr("Transfer-Encoding: chunked\r\n"));
    EXPECT_THAT(reply.head, Not(HasSubstr("Content-Length")));
    EXPECT_TRUE(reply.body == whole_);
    EXPECT_EQ(client.Get("/health").status, 200);
    EXPECT_EQ(scrapes_, i);
  }
}

TEST_F(ServerStreamTest, ASmallBodyComesWhole) {
  StartLarge(100);
  const TestReply reply = TestClient(text_port()).Get("/metrics");
  EXPECT_THAT(reply.head, HasSubstr("Content-Length: "));
  EXPECT_TRUE(reply.body == whole_);
}

TEST_F(ServerStreamTest, GzipIsStreamedToo) {
  StartLarge();
  TestClient client(text_port());
  for (int i = 0; i < 2; ++i) {
    const TestReply reply = client.Get("/metrics", "Accept-Encoding: gzip\r\n");
    EXPECT_THAT(reply.head, HasSubstr("Content-Encoding: gzip\r\n"));
    EXPECT_LT(reply.body.size(), whole_.size() / 4);
    EXPECT_TRUE(Gunzip(reply.body, whole_.size()) == whole_);
  }
}

TEST_F(ServerStreamTest, OldClientsReadToTheEndOfTheConnection) {
  StartLarge();
  TestClient client(text_port());
  ASSERT_TRUE(client.Send("GET /metrics HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n"));
  const std::string all = client.ReceiveRest();
  const size_t end = all.find("\r\n\r\n");
  const std::string head = all.substr(0, end + 4);
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_TRUE(all.substr(end + 4) == whole_);
}

TEST_F(ServerStreamTest, HeadHasNoBody) {
  StartLarge();
  TestClient client(text_port());
  ASSERT_TRUE(client.Send("HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_THAT(client.Receive(/*head_only=*/true).head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(client.Get("/health").status, 200);
}

TEST_F(ServerStreamTest, PipelinedRequestsWaitForTheEnd) {
  StartLarge();
  TestClient client(text_port());
  const std::string metrics = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_TRUE(client.Send(metrics + metrics + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  EXPECT_TRUE(client.Receive().body == whole_);
  EXPECT_TRUE(client.Receive().body == whole_);
  EXPECT_EQ(client.Receive().status, 200);
}

TEST_F(ServerStreamTest, OneThatDoesNotReadHoldsUpNobodyAndFreesItsPlace) {
  StartLarge();
  std::vector<TestClient> stalled;
  for (size_t i = 0; i < kMaxStreams; ++i) {
    stalled.emplace_back(text_port(), 4096);
    ASSERT_TRUE(stalled.back().Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  }
  EXPECT_EQ(TestClient(text_port()).Get("/health").status, 200);
  // Each has a place as soon as its head is on its way.
  TestReply refused;
  while ((refused = TestClient(text_port()).Get("/metrics")).status == 200) {
  }
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("too many large scrapes"));
  stalled.pop_back();
  TestReply served;
  while ((served = TestClient(text_port()).Get("/metrics")).status == 503) {
  }
  EXPECT_TRUE(served.body == whole_);
  // Whoever goes on reading gets it all.
  EXPECT_TRUE(stalled.front().Receive().body == whole_);
}

TEST_F(ServerStreamTest, OneThatStallsIsClosedAtItsDeadline) {
  tuning_.write_timeout = std::chrono::milliseconds(50);
  StartLarge(500'000);
  TestClient client(text_port(), 4096);
  ASSERT_TRUE(client.Send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  // What it had sent is there, but not the end.
  EXPECT_LT(client.ReceiveRest().size(), whole_.size());
}

TEST_F(ServerStreamTest, ManyClientsAtOnce) {
  StartLarge();
  RunThreads(8, [&](size_t thread) {
    TestClient client(text_port());
    for (int i = 0; i < 5; ++i) {
      const TestReply reply = client.Get("/metrics", thread % 2 == 0 ? "" : "Accept-Encoding: gzip\r\n");
      EXPECT_TRUE((thread % 2 == 0 ? reply.body : Gunzip(reply.body, whole_.size())) == whole_);
    }
  });
}

}  // namespace
}  // namespace toolvitals
