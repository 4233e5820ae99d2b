// Which route a path leads to, and what holds for every one of them.
// Floor: serve.
#include "serve/route_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing.h"
#include "serve/fake_formats.h"
#include "serve/router.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

// A route whose answer says which it is.
Route Saying(std::string path, std::string text, bool is_prefix = false, bool needs_auth = true) {
  return {.path = std::move(path),
          .is_prefix = is_prefix,
          .needs_auth = needs_auth,
          .answer = *StoredPage::Make(std::move(text), "text/plain", "no-cache")};
}

class RouteTableTest : public testing::Test {
 protected:
  Response Ask(std::string target, std::string method = "GET") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.host = host_;
    request.has_body = has_body_;
    request.authorization = authorization_;
    const RouterConfig config = {.formats = kFakeFormats,
                                 .default_format = default_format_,
                                 .loopback = true,
                                 .auth_token = token_,
                                 .routes = &table_};
    const Answer answer = RouteRequest(request, config, {});
    const Response* response = std::get_if<Response>(&answer);
    return response == nullptr ? JsonResponse(200, "another") : *response;
  }
  std::string Said(const std::string& target) {
    const Response response = Ask(target);
    return response.status == 200 ? *response.body : absl::StrCat(response.status);
  }

  RouteTable table_;
  const ExpositionFormat* default_format_ = &kFakeJson;
  std::string host_ = "localhost";
  std::string token_, authorization_;
  bool has_body_ = false;
};

TEST_F(RouteTableTest, TheLongestPathAnswers) {
  ASSERT_TRUE(table_.Put(Saying("/ui/", "below", /*is_prefix=*/true)).ok());
  ASSERT_TRUE(table_.Put(Saying("/ui/a/", "below a", /*is_prefix=*/true)).ok());
  ASSERT_TRUE(table_.Put(Saying("/ui/a/app.js", "app")).ok());
  ASSERT_TRUE(table_.Put(Saying("/", "root")).ok());
  EXPECT_EQ(Said("/"), "root");
  EXPECT_EQ(Said("/?x=/ui/"), "root");
  EXPECT_EQ(Said("/ui/"), "below");
  EXPECT_EQ(Said("/ui/b/c"), "below");
  EXPECT_EQ(Said("/ui/a/"), "below a");
  EXPECT_EQ(Said("/ui/a/b/c"), "below a");
  EXPECT_EQ(Said("/ui/a/app.js?v=1"), "app");
  for (const char* nowhere : {"/ui", "/uix/", "/app.js", "", "*", "ui/", "//ui/", "/UI/"}) {
    EXPECT_EQ(Said(nowhere), "404") << nowhere;
  }
  ASSERT_TRUE(table_.Put(Saying("/", "all", /*is_prefix=*/true)).ok());
  EXPECT_EQ(Said("/anything"), "all");
}

TEST_F(RouteTableTest, TheLastOneOfAPathCounts) {
  ASSERT_TRUE(table_.Put(Saying("/a", "one")).ok());
  ASSERT_TRUE(table_.Put(Saying("/a", "two")).ok());
  EXPECT_EQ(Said("/a"), "two");
  EXPECT_TRUE(table_.Remove("/a"));
  EXPECT_FALSE(table_.Remove("/a"));
  EXPECT_EQ(Said("/a"), "404");
}

TEST_F(RouteTableTest, ARouteOfOnePortIsNotAtTheOthers) {
  Route page = Saying("/ui/", "page", /*is_prefix=*/true);
  page.port = "json";
  ASSERT_TRUE(table_.Put(page).ok());
  EXPECT_EQ(Said("/ui/a"), "page");
  default_format_ = &kFakeText;
  EXPECT_EQ(Said("/ui/a"), "404");
  EXPECT_EQ(Said("/ui/"), "404");
  token_ = "secret";
  EXPECT_EQ(Said("/ui/"), "404") << "as a path that nobody has";
  token_.clear();
  // There a shorter prefix answers, and so does one for a path that is another port's.
  ASSERT_TRUE(table_.Put(Saying("/", "all", /*is_prefix=*/true)).ok());
  EXPECT_EQ(Said("/ui/a"), "all");
  EXPECT_EQ(Said("/ui/"), "all");
  default_format_ = &kFakeJson;
  EXPECT_EQ(Said("/ui/a"), "page");
  page.port = "prometheus";
  ASSERT_TRUE(table_.Put(page).ok());
  EXPECT_EQ(Said("/ui/a"), "all");
}

TEST_F(RouteTableTest, WhatHoldsForEveryRouteHoldsForThese) {
  ASSERT_TRUE(table_.Put(Saying("/a", "page")).ok());
  ASSERT_TRUE(table_.Put(Saying("/open", "page", /*is_prefix=*/false, /*needs_auth=*/false)).ok());
  EXPECT_EQ(Ask("/a", "HEAD").status, 200u);
  const Response posted = Ask("/a", "POST");
  EXPECT_EQ(posted.status, 405u);
  EXPECT_EQ(posted.extra_headers, "Allow: GET, HEAD\r\n");
  has_body_ = true;
  EXPECT_EQ(Ask("/a").status, 413u);
  has_body_ = false;
  host_ = "evil.example";
  EXPECT_EQ(Ask("/a").status, 403u);
  host_ = "localhost";
  token_ = "secret";
  EXPECT_EQ(Ask("/a").status, 401u);
  EXPECT_EQ(Ask("/open").status, 200u);
  authorization_ = "Bearer secret";
  EXPECT_EQ(Ask("/a").status, 200u);
}

TEST_F(RouteTableTest, PathsThatNobodyCouldAskFor) {
  const std::string too_long = "/" + std::string(kMaxRoutePathBytes, 'x');
  for (const std::string& path :
       {std::string(), std::string("a"), std::string("/a b"), std::string("/a?b"), std::string("/a#b"),
        std::string("/a%20"), std::string("/\n"), too_long, std::string("/\xc3\xa9"), std::string("/metrics"),
        std::string("/metrics.json"), std::string("/health")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(table_.Put(Saying(path, "a")))) << path;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(table_.Put(Saying("/a", "a", /*is_prefix=*/true))));
  EXPECT_TRUE(table_.Put(Saying(too_long.substr(1 - 1, kMaxRoutePathBytes), "a")).ok());
}

TEST_F(RouteTableTest, TheyAreBounded) {
  for (size_t i = 0; i < kMaxRoutes; ++i) ASSERT_TRUE(table_.Put(Saying(absl::StrCat("/", i), "a")).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(table_.Put(Saying("/one-more", "a"))));
  EXPECT_TRUE(table_.Put(Saying("/1", "b")).ok()) << "in place of another";
}

TEST_F(RouteTableTest, TheyComeAndGoWhileRequestsAreAnswered) {
  std::atomic<bool> stop = false;
  RunThreads(4, [&](size_t thread) {
    for (int i = 0; thread < 2 && i < 2000; ++i) {
      (void)table_.Put(Saying("/a/", absl::StrCat(i), /*is_prefix=*/true));
      if (i % 3 == 0) table_.Remove("/a/");
      if (i == 1999) stop = true;
    }
    while (thread >= 2 && !stop) {
      const auto route = table_.Find("/a/b", "json");
      if (route != nullptr) {
        EXPECT_EQ(route->path, "/a/");
      }
    }
  });
}

}  // namespace
}  // namespace toolvitals
