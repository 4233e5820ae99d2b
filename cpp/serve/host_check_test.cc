// Hosts and origins that are this machine's, and those that are not. Floor: serve.
#include "serve/host_check.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace toolvitals {
namespace {

using std::string_view_literals::operator""sv;

TEST(HostCheckTest, LoopbackNamesAndAddresses) {
  for (const std::string_view host :
       {"localhost", "LocalHost", "localhost.", "localhost:9109", "localhost:", "127.0.0.1", "127.0.0.1:9109",
        "127.1.2.3", "127.255.255.254:1", "[::1]", "[::1]:9109", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]:80"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
}

TEST(HostCheckTest, EverythingElseIsForeign) {
  for (const std::string_view host : {""sv,
                                      "evil.example"sv,
                                      "localhost.evil.example"sv,
                                      "evil.example:9109"sv,
                                      "127.0.0.1.evil.example"sv,
                                      "128.0.0.1"sv,
                                      "0.0.0.0"sv,
                                      "10.0.0.1"sv,
                                      "127.0.0.1:x"sv,
                                      "127.0.0.1:123456"sv,
                                      "127.0.0.1:80:80"sv,
                                      "user@localhost"sv,
                                      "localhost@evil"sv,
                                      "localhost/"sv,
                                      "::1"sv,
                                      "[::1"sv,
                                      "[::2]"sv,
                                      "[]"sv,
                                      "["sv,
                                      "]"sv,
                                      "[::1]x"sv,
                                      "[::1]:x"sv,
                                      "[::ffff:10.0.0.1]"sv,
                                      "127.1"sv,
                                      "0177.0.0.1"sv,
                                      "2130706433"sv,
                                      "0x7f.0.0.1"sv,
                                      "localhost\0"sv,
                                      "localhost\0.evil"sv,
                                      "localhost.."sv,
                                      "\xff"sv,
                                      " localhost"sv,
                                      ":"sv,
                                      ":80"sv}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
  EXPECT_FALSE(IsLoopbackHost(std::string(100'000, '1')));
}

TEST(HostCheckTest, Origins) {
  for (const std::string_view origin :
       {"http://localhost", "http://localhost:3000", "https://127.0.0.1:1", "http://[::1]:80", "HTTP://LOCALHOST"}) {
    EXPECT_TRUE(IsLoopbackOrigin(origin)) << origin;
  }
  for (const std::string_view origin :
       {"", "null", "http://evil.example", "http://localhost.evil.example", "localhost", "://", "http://",
        "http://localhost/path", "http://evil.example#http://localhost"}) {
    EXPECT_FALSE(IsLoopbackOrigin(origin)) << origin;
  }
}

TEST(HostCheckTest, AnswersToTheNameThatItWasGiven) {
  for (const char* host : {"127.1", "127.1:9109", "metrics.internal", "METRICS.internal.:9109", "localhost"}) {
    const char* own = host[0] == '1' ? "127.1" : "metrics.Internal";
    EXPECT_TRUE(IsOwnHost(host, own)) << host;
    EXPECT_TRUE(IsOwnOrigin(std::string("http://") + host, own)) << host;
  }
  EXPECT_TRUE(IsOwnHost("[0:0::7f00:1]:80", "0:0::7f00:1"));
  for (const char* host : {"", ":80", ".", "evil.example", "metrics.internal.evil.example", "xmetrics.internal",
                           "metrics.internal:80:80", "metrics.internal@evil.example", "[metrics.internal"}) {
    EXPECT_FALSE(IsOwnHost(host, "metrics.internal")) << host;
    EXPECT_FALSE(IsOwnHost(host, "")) << host;
  }
  EXPECT_FALSE(IsOwnOrigin("null", "null"));
}

}  // namespace
}  // namespace toolvitals
