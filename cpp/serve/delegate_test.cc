// Routes that are answered elsewhere, through a running server.
// Floor: serve.
#include "serve/delegate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "serve/gunzip.h"
#include "serve/route_table.h"
#include "serve/serve_limits.h"
#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;

// Takes what it is asked, and leaves the answers to the test.
class FakeDelegate : public Delegate {
 public:
  using Asked = std::pair<DelegatedRequest, DelegateTicket>;

  using Delegate::Delegate;
  bool Take(DelegatedRequest request, DelegateTicket ticket) noexcept override {
    const absl::MutexLock lock(&mutex_);
    if (refuses_) return false;
    asked_.emplace_back(std::move(request), std::move(ticket));
    return true;
  }
  void Refuse() {
    const absl::MutexLock lock(&mutex_);
    refuses_ = true;
  }
  Asked Next() {
    absl::MutexLock lock(&mutex_);
    const auto is_asked = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !asked_.empty(); };
    mutex_.Await(absl::Condition(&is_asked));
    Asked next = std::move(asked_.front());
    asked_.pop_front();
    return next;
  }

 private:
  absl::Mutex mutex_;
  bool refuses_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Asked> asked_ ABSL_GUARDED_BY(mutex_);
};

class DelegateTest : public ServerTestBase {
 protected:
  // With a deadline that does not come, or that comes at once.
  std::shared_ptr<FakeDelegate> Serve(std::chrono::milliseconds deadline) {
    auto delegate = std::make_shared<FakeDelegate>(deadline);
    EXPECT_TRUE(table_.Put({.path = "/asked/", .is_prefix = true, .answer = delegate}).ok());
    ServerOptions options = Options();
    options.routes = &table_;
    Start(std::move(options));
    return delegate;
  }
  static bool Ask(TestClient& client, const std::string& target, const std::string& fields = "",
                  const std::string& method = "GET") {
    return client.Send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
  }

  static constexpr std::chrono::milliseconds kNever = std::chrono::minutes(10);
  RouteTable table_;
};

TEST_F(DelegateTest, AnswersFromAThreadOfItsOwn) {
  const auto delegate = Serve(kNever);
  TestClient client(json_port());
  std::thread answering([&] {
    auto [request, ticket] = delegate->Next();
    EXPECT_EQ(request.path, "/asked/what");
    EXPECT_EQ(request.query, "from=1&to=2");
    EXPECT_EQ(request.accept, "text/plain");
    EXPECT_TRUE(ticket.is_awaited());
    Response response = JsonResponse(201, "answer");
    response.content_type = "text/plain";
    ticket.Answer(response);
    ticket.Answer(JsonResponse(500, "the first one counts"));
  });
  const TestReply reply = client.Get("/asked/what?from=1&to=2", "Accept: text/plain\r\n");
  answering.join();
  EXPECT_EQ(reply.status, 201);
  EXPECT_EQ(reply.body, "answer");
  EXPECT_THAT(reply.head, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_THAT(reply.head, HasSubstr("Cache-Control: no-store\r\n"));
  EXPECT_EQ(client.Get("/health").status, 200) << "the connection goes on";
}

TEST_F(DelegateTest, HeadIsAnsweredWithoutTheBody) {
  const auto delegate = Serve(kNever);
  TestClient client(json_port());
  ASSERT_TRUE(Ask(client, "/asked/a", "", "HEAD"));
  delegate->Next().second.Answer(JsonResponse(200, "four"));
  const TestReply reply = client.Receive(/*head_only=*/true);
  EXPECT_THAT(reply.head, HasSubstr("Content-Length: 4\r\n"));
  EXPECT_EQ(client.Get("/health").status, 200) << "no body came";
}

TEST_F(DelegateTest, LargeAnswersAreCompressedWhereThatIsAccepted) {
  const auto delegate = Serve(kNever);
  TestClient client(json_port());
  ASSERT_TRUE(Ask(client, "/asked/a", "Accept-Encoding: gzip\r\n"));
  delegate->Next().second.Answer(JsonResponse(200, std::string(10'000, 'x')));
  const TestReply reply = client.Receive();
  EXPECT_THAT(reply.head, HasSubstr("Content-Encoding: gzip\r\n"));
  EXPECT_EQ(Gunzip(reply.body, 20'000), std::string(10'000, 'x'));
}

TEST_F(DelegateTest, OneThatHangsIsNotWaitedForAndHoldsUpNobody) {
  const auto delegate = Serve(std::chrono::milliseconds(20));
  TestClient waiting(json_port());
  ASSERT_TRUE(Ask(waiting, "/asked/a"));
  auto [request, ticket] = delegate->Next();
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
  const TestReply late = waiting.Receive();
  EXPECT_EQ(late.status, 503);
  EXPECT_THAT(late.head, HasSubstr("Retry-After: 5\r\n"));
  EXPECT_FALSE(ticket.is_awaited());
  ticket.Answer(JsonResponse(200, "too late"));
  EXPECT_EQ(waiting.Get("/metrics").status, 200) << "and not what came too late";
  const auto answering = [&] { delegate->Next().second.Answer(JsonResponse(200, "in time")); };
  std::thread thread(answering);
  const TestReply next = waiting.Get("/asked/b");
  thread.join();
  EXPECT_THAT(next.status, ::testing::AnyOf(200, 503));
}

TEST_F(DelegateTest, ManyThatHangAreBounded) {
  const auto delegate = Serve(kNever);
  std::vector<TestClient> clients;
  std::vector<FakeDelegate::Asked> asked;
  for (size_t i = 0; i < kMaxDelegated; ++i) {
    clients.emplace_back(json_port());
    ASSERT_TRUE(Ask(clients.back(), "/asked/a"));
    asked.push_back(delegate->Next());
  }
  TestClient client(json_port());
  const TestReply refused = client.Get("/asked/a");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Retry-After: "));
  EXPECT_EQ(client.Get("/metrics").status, 200);
  asked.front().second.Answer(JsonResponse(200, "{}"));
  EXPECT_EQ(clients.front().Receive().status, 200);
  ASSERT_TRUE(Ask(client, "/asked/b"));
  delegate->Next().second.Answer(JsonResponse(200, "{}"));
  EXPECT_EQ(client.Receive().status, 200) << "there is room again";
}

TEST_F(DelegateTest, OneThatTakesNothingSaysSoAtOnce) {
  Serve(kNever)->Refuse();
  const TestReply reply = TestClient(json_port()).Get("/asked/a");
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.head, HasSubstr("Retry-After: "));
}

TEST_F(DelegateTest, AnAnswerMayComeAfterTheServersEnd) {
  const auto delegate = Serve(kNever);
  TestClient client(json_port());
  ASSERT_TRUE(Ask(client, "/asked/a"));
  auto [request, ticket] = delegate->Next();
  server_->Stop();
  EXPECT_FALSE(ticket.is_awaited());
  ticket.Answer(JsonResponse(200, "{}"));
  server_.reset();
  ticket.Answer(JsonResponse(200, "{}"));
}

TEST_F(DelegateTest, ManyThreadsAnswerAtOnce) {
  const auto delegate = Serve(kNever);
  constexpr int kRequests = 200;
  std::vector<std::thread> answering;
  for (int thread = 0; thread < 4; ++thread) {
    answering.emplace_back([&] {
      for (int i = 0; i < kRequests; ++i) {
        auto [request, ticket] = delegate->Next();
        ticket.Answer(JsonResponse(200, request.query));
      }
    });
  }
  std::vector<std::thread> asking;
  std::atomic<int> right = 0;
  for (int thread = 0; thread < 4; ++thread) {
    asking.emplace_back([&, thread] {
      TestClient client(json_port());
      for (int i = 0; i < kRequests; ++i) {
        const std::string query = std::to_string(thread) + "-" + std::to_string(i);
        if (client.Get("/asked/a?" + query).body == query) ++right;
      }
    });
  }
  for (auto& thread : asking) thread.join();
  for (auto& thread : answering) thread.join();
  EXPECT_EQ(right, 4 * kRequests);
}

}  // namespace
}  // namespace toolvitals
