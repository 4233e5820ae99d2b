// Every route, method, host, token and representation, without a socket. Floor: serve.
#include "serve/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "serve/fake_formats.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RouterConfig Config(const ExpositionFormat& default_format = kFakeJson) {
  return {.formats = kFakeFormats, .default_format = &default_format, .loopback = true, .auth_token = ""};
}

Request Get(std::string target) {
  Request request;
  request.method = "GET";
  request.target = std::move(target);
  request.host = "localhost:9109";
  return request;
}

Answer Route(const Request& request, const RouterConfig& config = Config()) {
  return RouteRequest(request, config, {.uptime_seconds = 12.5, .pid = 42});
}

unsigned Status(const Answer& answer) {
  const Response* response = std::get_if<Response>(&answer);
  return response == nullptr ? 200 : response->status;
}

std::string_view FormatOf(const Answer& answer) {
  const Scrape* scrape = std::get_if<Scrape>(&answer);
  return scrape == nullptr ? "none" : scrape->format->name;
}

TEST(RouterTest, RoutesAreExact) {
  EXPECT_EQ(FormatOf(Route(Get("/metrics"))), "json");
  EXPECT_EQ(FormatOf(Route(Get("/metrics"), Config(kFakeText))), "prometheus");
  EXPECT_EQ(FormatOf(Route(Get("/metrics?name[]=x&%00"))), "json");
  EXPECT_EQ(FormatOf(Route(Get("/metrics.json?x"), Config(kFakeText))), "json");
  for (const char* target : {"/", "", "*", "/metrics/", "//metrics", "/METRICS", "/metrics.json.gz", "/metrics%00",
                             "/%6detrics", "/../../etc/passwd", "/metrics/../metrics", "/metrics;x", "/metrics#x",
                             "http://localhost/metrics", "http://localhost:9109/health", "/health/", "/healthz", "?"}) {
    EXPECT_EQ(Status(Route(Get(target))), 404u) << target;
  }
}

TEST(RouterTest, MetricsJsonIsJsonWhateverIsAccepted) {
  Request request = Get("/metrics.json");
  request.accept = "text/plain";
  EXPECT_EQ(FormatOf(Route(request)), "json");
}

TEST(RouterTest, AcceptAndAcceptEncodingAreHeard) {
  Request request = Get("/metrics");
  request.accept = "text/plain;version=0.0.4";
  request.accept_encoding = "gzip";
  const Answer answer = Route(request);
  EXPECT_EQ(FormatOf(answer), "prometheus");
  EXPECT_TRUE(std::get<Scrape>(answer).gzip);
}

TEST(RouterTest, NamesAreFilteredOnMetricsAlone) {
  const Answer filtered = Route(Get("/metrics?a=b&name%5B%5D=y&name[]=x"));
  EXPECT_TRUE(std::get<Scrape>(filtered).options.filtered);
  EXPECT_THAT(std::get<Scrape>(filtered).options.names, ::testing::ElementsAre("x", "y"));
  EXPECT_EQ(filtered.index(), Route(Get("/metrics?name[]=x&name[]=y")).index());
  EXPECT_EQ(std::get<Scrape>(filtered), std::get<Scrape>(Route(Get("/metrics?name[]=x&name[]=y"))));
  EXPECT_FALSE(std::get<Scrape>(filtered) == std::get<Scrape>(Route(Get("/metrics?name[]=x"))));
  EXPECT_FALSE(std::get<Scrape>(Route(Get("/metrics?name=x"))).options.filtered);
  EXPECT_FALSE(std::get<Scrape>(Route(Get("/metrics?"))).options.filtered);
  EXPECT_FALSE(std::get<Scrape>(Route(Get("/metrics.json?name[]=x"))).options.filtered);
}

TEST(RouterTest, JsonHasAllFamiliesWhereTheyAreAskedFor) {
  const auto has_own = [](const char* target, const char* accept = "") {
    Request request = Get(target);
    request.accept = accept;
    return std::get<Scrape>(Route(request)).options.own_families;
  };
  EXPECT_TRUE(has_own("/metrics.json?families=all"));
  EXPECT_TRUE(has_own("/metrics?a=b&f%61milies=all&x"));
  EXPECT_FALSE(has_own("/metrics?families=all", "text/plain;version=0.0.4"));
  for (const char* target : {"/metrics.json", "/metrics.json?", "/metrics.json?families", "/metrics.json?families=ALL",
                             "/metrics.json?x=families=all"}) {
    EXPECT_FALSE(has_own(target)) << target;
  }
}

TEST(RouterTest, HealthSaysHowLongAndWho) {
  const Answer answer = Route(Get("/health"));
  ASSERT_EQ(Status(answer), 200u);
  EXPECT_EQ(*std::get<Response>(answer).body,
            "{\"status\": \"ok\", \"uptime_seconds\": 12.5, \"pid\": 42, \"version\": \"" TOOLVITALS_VERSION "\"}\n");
}

TEST(RouterTest, OtherMethodsAreNotAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "FOO"}) {
    Request request = Get("/metrics");
    request.method = method;
    const Answer answer = Route(request);
    ASSERT_EQ(Status(answer), 405u) << method;
    EXPECT_EQ(std::get<Response>(answer).extra_headers, "Allow: GET, HEAD\r\n");
    EXPECT_TRUE(std::get<Response>(answer).close);
  }
}

TEST(RouterTest, BodiesAreRefused) {
  Request request = Get("/metrics");
  request.has_body = true;
  EXPECT_EQ(Status(Route(request)), 413u);
  request.method = "POST";
  EXPECT_EQ(Status(Route(request)), 405u);
}

TEST(RouterTest, ForeignHostsAndOriginsAreForbiddenOnLoopback) {
  for (const char* target : {"/metrics", "/metrics.json", "/health", "/nothing"}) {
    Request request = Get(target);
    request.host = "evil.example";
    EXPECT_EQ(Status(Route(request)), 403u) << target;
    request.host = "localhost";
    request.origin = "http://evil.example";
    EXPECT_EQ(Status(Route(request)), 403u) << target;
  }
  Request request = Get("/health");
  request.origin = "http://localhost:3000";
  EXPECT_EQ(Status(Route(request)), 200u);

  RouterConfig anywhere = Config();
  anywhere.loopback = false;
  request.host = "metrics.example";
  request.origin = "http://elsewhere.example";
  EXPECT_EQ(Status(Route(request, anywhere)), 200u);
}

TEST(RouterTest, TheTokenIsWantedEverywhereButOnHealth) {
  RouterConfig config = Config();
  config.auth_token = "s3cret";
  EXPECT_EQ(Status(Route(Get("/health"), config)), 200u);
  for (const char* target : {"/metrics", "/metrics.json"}) {
    Request request = Get(target);
    const Answer refused = Route(request, config);
    ASSERT_EQ(Status(refused), 401u);
    EXPECT_EQ(std::get<Response>(refused).extra_headers, "WWW-Authenticate: Bearer\r\n");
    for (const char* wrong : {"s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Bearer S3CRET",
                              "Basic s3cret", "Bearer s3crets3cret"}) {
      request.authorization = wrong;
      EXPECT_EQ(Status(Route(request, config)), 401u) << wrong;
    }
    for (const char* right : {"Bearer s3cret", "bearer s3cret", "Bearer  s3cret"}) {
      request.authorization = right;
      EXPECT_EQ(Status(Route(request, config)), 200u) << right;
    }
  }
}

TEST(RouterTest, SecretsEqualInEveryByte) {
  EXPECT_TRUE(SecretsEqual("abc", "abc"));
  EXPECT_TRUE(SecretsEqual("", ""));
  EXPECT_FALSE(SecretsEqual("abc", ""));
  EXPECT_FALSE(SecretsEqual("", "abc"));
  EXPECT_FALSE(SecretsEqual("abc", "abcabc"));
  EXPECT_FALSE(SecretsEqual("abc", "abd"));
}

TEST(ResponseTest, HeadOfAScrape) {
  const auto body = std::make_shared<const std::string>(5, 'x');
  std::string head;
  AppendHead(ScrapeResponse({&kFakeText, true}, body, true), 1, true, 1769860800, head);
  EXPECT_EQ(head,
            "HTTP/1.1 200 OK\r\nDate: Sat, 31 Jan 2026 12:00:00 GMT\r\n"
            "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n"
            "Vary: Accept, Accept-Encoding\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n");
  EXPECT_THAT(head, Not(HasSubstr("Access-Control")));
}

TEST(ResponseTest, ConnectionIsSaidWhereItIsNotTheVersionsDefault) {
  const Response response = JsonResponse(200, "{}");
  std::string closing, kept;
  AppendHead(response, 1, false, 0, closing);
  AppendHead(response, 0, true, 0, kept);
  EXPECT_THAT(closing, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(kept, HasSubstr("Connection: keep-alive\r\n"));
}

TEST(ResponseTest, ErrorsAreJson) {
  const Response response = ErrorResponse(404, "not found");
  EXPECT_EQ(*response.body, "{\"error\": \"not found\"}\n");
  EXPECT_EQ(response.content_type, "application/json");
}

}  // namespace
}  // namespace toolvitals
