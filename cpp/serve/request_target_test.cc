// Targets in each form, and URIs that are none. Floor: serve.
#include "serve/request_target.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace toolvitals {
namespace {

using std::string_view_literals::operator""sv;

TEST(RequestTargetTest, OriginFormStandsAsItIs) {
  for (const std::string_view target : {"/", "/metrics", "/metrics?name[]=x", "//localhost/metrics", "/http://a/b"}) {
    const auto parsed = ParseRequestTarget(target);
    ASSERT_TRUE(parsed) << target;
    EXPECT_EQ(parsed->resource, target);
    EXPECT_FALSE(parsed->authority) << target;
  }
}

TEST(RequestTargetTest, AbsoluteFormNamesItsHost) {
  struct Case {
    std::string_view target, authority, resource;
  };
  for (const Case& c :
       {Case{"http://localhost/metrics", "localhost", "/metrics"},
        Case{"HTTP://LocalHost:9109/metrics.json", "LocalHost:9109", "/metrics.json"},
        Case{"http://[::1]:9109/metrics?name[]=x", "[::1]:9109", "/metrics?name[]=x"},
        Case{"http://127.0.0.1:/health", "127.0.0.1:", "/health"},
        Case{"http://evil.example/http://localhost/metrics", "evil.example", "/http://localhost/metrics"},
        Case{"http://a%2fb/x", "a%2fb", "/x"},
        // RFC 9110, 4.2.3: an empty path is "/".
        Case{"http://localhost", "localhost", "/"}, Case{"http://localhost?a", "localhost", "/?a"},
        Case{"http://localhost#a", "localhost", "/#a"}}) {
    const auto parsed = ParseRequestTarget(c.target);
    ASSERT_TRUE(parsed) << c.target;
    EXPECT_EQ(parsed->authority, c.authority) << c.target;
    EXPECT_EQ(parsed->resource, c.resource) << c.target;
  }
}

TEST(RequestTargetTest, UrisThatAreNoneAreRefused) {
  for (const std::string_view target :
       {"http://", "http:///metrics", "http://?a", "http://:9109/metrics", "http://user@localhost/metrics",
        "http://user:secret@localhost/", "http://localhost@evil.example/", "http://localhost:x/", "http://[::1/",
        "http://[]/", "http://[::1]x/", "http://a|b/", "http://a%2/", "http://a%zz/", "http://local\\host/",
        "http://a:1:2/"}) {
    EXPECT_FALSE(ParseRequestTarget(target)) << target;
  }
}

TEST(RequestTargetTest, OtherSchemesAreNotOurs) {
  for (const std::string_view target :
       {"https://localhost/metrics", "ftp://localhost/", "http:/localhost", "http:localhost/metrics", "localhost:9109",
        "*", "", "httpx://localhost/metrics", "ws://localhost/metrics"}) {
    const auto parsed = ParseRequestTarget(target);
    ASSERT_TRUE(parsed) << target;
    EXPECT_EQ(parsed->resource, target);
    EXPECT_FALSE(parsed->authority) << target;
  }
}

TEST(RequestTargetTest, HostsAndPorts) {
  for (const std::string_view host :
       {"", "localhost", "localhost:", "localhost:9109", "a_b.example", "xn--bcher-kva.de", "127.0.0.1:1", "[::1]",
        "[::1]:9109", "[v1.a:b]", "a%20b", "localhost."}) {
    EXPECT_TRUE(IsHostAndPort(host)) << host;
  }
  for (const std::string_view host :
       {"a b"sv,  "a/b"sv,    "a?b"sv, "user@a"sv, "a:b"sv,  "a:1x"sv, "a:1:2"sv,    "::1"sv,   "["sv, "[]"sv,
        "[::1"sv, "[::1]a"sv, "a]"sv,  "a\"b"sv,   "a<b>"sv, "a\0"sv,  "\xc3\xa9"sv, "a,b c"sv, "%"sv, "a%2"sv}) {
    EXPECT_FALSE(IsHostAndPort(host)) << host;
  }
}

}  // namespace
}  // namespace toolvitals
