// Requests that are pipelined, smuggled, too large or for another host. Floor: serve.
#include "serve/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "serve/fake_formats.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

using std::string_view_literals::operator""sv;

const RouterConfig kConfig = {
    .formats = kFakeFormats, .default_format = &kFakeJson, .loopback = true, .auth_token = ""};

struct Reply {
  unsigned status;
  bool keep_alive;
  friend bool operator==(const Reply&, const Reply&) = default;
};

std::vector<Reply> Read(std::string_view bytes, size_t piece = std::string_view::npos) {
  RequestReader reader(kConfig);
  std::vector<Reply> replies;
  while (!bytes.empty()) {
    reader.Append(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    while (const auto exchange = reader.Next({})) {
      const Response* response = std::get_if<Response>(&exchange->answer);
      replies.push_back({response == nullptr ? 200 : response->status, exchange->keep_alive});
    }
  }
  return replies;
}

std::vector<Reply> Refused(unsigned status) { return {{status, false}}; }

TEST(RequestReaderTest, KeepsAliveAsTheVersionSays) {
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"), (std::vector<Reply>{{200, true}}));
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"), Refused(200));
  EXPECT_EQ(Read("GET /health HTTP/1.0\r\n\r\n"), Refused(200));
  EXPECT_EQ(Read("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), (std::vector<Reply>{{200, true}}));
  EXPECT_EQ(Read("GET /no HTTP/1.1\r\nHost: localhost\r\n\r\n"), (std::vector<Reply>{{404, true}}));
}

TEST(RequestReaderTest, PipelinedRequestsAreAnsweredInOrder) {
  const std::string get = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string no = "GET /no HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::vector<Reply> expected = {{200, true}, {404, true}, {200, true}, {400, false}};
  const std::string bytes = get + no + get + "oops\r\n\r\n" + get;
  for (const size_t piece : {1, 2, 3, 7, 100, 100'000}) EXPECT_EQ(Read(bytes, piece), expected) << piece;
}

TEST(RequestReaderTest, SmugglingIsRefused) {
  const std::string follow = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (const std::string_view fields : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                                        "Content-Length: 0\r\nContent-Length: 0\r\n",
                                        "Content-Length: 0, 0\r\n",
                                        "Content-Length: 0\r\nContent-Length: 5\r\n",
                                        "Content-Length: +0\r\n",
                                        "Content-Length: -1\r\n",
                                        "Content-Length: 0x0\r\n",
                                        "Content-Length:\r\n",
                                        "Content-Length: 0 0\r\n",
                                        "Content-Length: 99999999999999999999999\r\n",
                                        "Transfer-Encoding: identity\r\n",
                                        "Transfer-Encoding: xchunked\r\n",
                                        "Transfer-Encoding: chunked, identity\r\n",
                                        "Transfer-Encoding: gzip, chunked\r\n",
                                        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                                        "Transfer-Encoding:\r\n",
                                        "Host: localhost\r\n",
                                        "Host: evil\r\n",
                                        "X: a\r\n b\r\n",
                                        "Transfer-Encoding\r\n : chunked\r\n",
                                        "Content-Length : 0\r\n",
                                        "X: a\nContent-Length: 5\r\n",
                                        "Origin: http://localhost\r\nOrigin: http://evil\r\n"}) {
    const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
    EXPECT_EQ(Read(request + follow), Refused(400)) << fields;
    EXPECT_EQ(Read(request + follow, 1), Refused(400)) << fields;
  }
  EXPECT_EQ(Read("GET /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), Refused(400));
}

TEST(RequestReaderTest, FieldsWithOneValueStandOnce) {
  for (const std::string name :
       {"Authorization", "Content-Location", "Content-Range", "Content-Type", "Date", "From", "If-Modified-Since",
        "If-Range", "If-Unmodified-Since", "Max-Forwards", "Proxy-Authorization", "Range", "Referer", "User-Agent"}) {
    const std::string start = "GET /health HTTP/1.1\r\nHost: localhost\r\n" + name + ": a\r\n";
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    EXPECT_EQ(Read(start + "\r\n"), (std::vector<Reply>{{200, true}})) << name;
    EXPECT_EQ(Read(start + "X: y\r\n" + lower + ": a\r\n\r\n"), Refused(400)) << name;
  }
  // Lists may come in pieces (RFC 9110, 5.3).
  for (const std::string name : {"Accept", "Accept-Encoding", "Connection", "Via", "Cache-Control", "X-Own"}) {
    const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n" + name + ": a\r\n" + name + ": b\r\n\r\n";
    EXPECT_EQ(Read(request), (std::vector<Reply>{{200, true}})) << name;
  }
}

// RFC 9110, 5.5: all of them are invalid, not only those that end lines and strings.
TEST(RequestReaderTest, ControlCharactersInValuesAreRefused) {
  for (int byte = 0; byte < 256; ++byte) {
    if (byte == '\r') continue;  // the end of the line, where LF follows
    const std::string request =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nX: a" + std::string(1, static_cast<char>(byte)) + "b\r\n\r\n";
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    EXPECT_EQ(Read(request), control ? Refused(400) : (std::vector<Reply>{{200, true}})) << byte;
  }
}

TEST(RequestReaderTest, AbsoluteFormIsServedForThisHost) {
  const auto reply = [](const std::string& target, const std::string& fields, const std::string& version = "1.1") {
    return Read("GET " + target + " HTTP/" + version + "\r\n" + fields + "\r\n");
  };
  const std::vector<Reply> served = {{200, true}};
  EXPECT_EQ(reply("http://localhost/metrics", "Host: localhost\r\n"), served);
  EXPECT_EQ(reply("http://127.0.0.1:9109/health", "Host: 127.0.0.1:9109\r\n"), served);
  EXPECT_EQ(reply("HTTP://[::1]:9109/metrics.json?x", "Host: localhost\r\n"), served);
  EXPECT_EQ(reply("http://localhost/no", "Host: localhost\r\n"), (std::vector<Reply>{{404, true}}));
  EXPECT_EQ(reply("http://localhost", "Host: localhost\r\n"), (std::vector<Reply>{{404, true}}));
  EXPECT_EQ(reply("https://localhost/metrics", "Host: localhost\r\n"), (std::vector<Reply>{{404, true}}));

  // The target's host counts, whatever Host says, in both directions.
  EXPECT_EQ(reply("http://localhost/metrics", "Host: evil.example\r\n"), served);
  EXPECT_EQ(reply("http://evil.example/metrics", "Host: localhost\r\n"), Refused(403));
  EXPECT_EQ(reply("http://localhost.evil.example/metrics", "Host: localhost\r\n"), Refused(403));
  EXPECT_EQ(reply("http://evil.example/metrics", "", "1.0"), Refused(403));
  EXPECT_EQ(reply("http://localhost/metrics", "", "1.0"), Refused(200));
  EXPECT_EQ(reply("http://localhost/metrics", "Host: localhost\r\nOrigin: http://evil.example\r\n"), Refused(403));

  EXPECT_EQ(reply("http://localhost/metrics", ""), Refused(400)) << "HTTP/1.1 wants a Host all the same";
  EXPECT_EQ(reply("http://localhost/metrics", "Host: a\r\nHost: b\r\n"), Refused(400));
  EXPECT_EQ(reply("http://evil@localhost/metrics", "Host: localhost\r\n"), Refused(400));
  EXPECT_EQ(reply("http:///metrics", "Host: localhost\r\n"), Refused(400));
}

TEST(RequestReaderTest, AHostThatIsNoneIsRefused) {
  for (const char* host :
       {"a b", "localhost/", "user@localhost", "localhost:x", "[::1", "a,b c", "\xc3\xa9", "http://a"}) {
    EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n"), Refused(400)) << host;
  }
}

TEST(RequestReaderTest, WhatFollowsABodyIsNeverARequest) {
  const std::string follow = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::string length = "Host: localhost\r\nContent-Length: " + std::to_string(follow.size()) + "\r\n\r\n";
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\n" + length + follow), Refused(413));
  EXPECT_EQ(Read("POST /health HTTP/1.1\r\n" + length + follow), Refused(405));
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + follow),
            Refused(413));
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" + follow).size(), 2u);
}

TEST(RequestReaderTest, VersionsAndHosts) {
  for (const char* version : {"HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0"}) {
    EXPECT_EQ(Read("GET /health " + std::string(version) + "\r\nHost: localhost\r\n\r\n"), Refused(505)) << version;
  }
  EXPECT_EQ(Read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Refused(505));
  for (const char* version : {"HTTP/1", "HTTP/1.1.1", "http/1.1", "HTTQ/1.1", "HTTP/11", "x"}) {
    const std::vector<Reply> replies = Read("GET /health " + std::string(version) + "\r\nHost: localhost\r\n\r\n");
    ASSERT_EQ(replies.size(), 1u) << version;
    EXPECT_TRUE(replies[0].status == 400 || replies[0].status == 505) << version;
  }
  EXPECT_EQ(Read("GET /health\r\n\r\n"), Refused(400));
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\n\r\n"), Refused(400));
  EXPECT_EQ(Read("GET /health HTTP/1.1\r\nHost:\r\n\r\n"), Refused(403));
  EXPECT_EQ(Read("GET /health HTTP/1.0\r\nHost: evil\r\n\r\n"), Refused(403));
}

TEST(RequestReaderTest, LargeHeadsAreRefused) {
  const std::string start = "GET /health HTTP/1.1\r\nHost: localhost\r\nX: ";
  EXPECT_EQ(Read(start + std::string(64 * 1024, 'x') + "\r\n\r\n"), Refused(431));
  EXPECT_EQ(Read(start + std::string(64 * 1024, 'x') + "\r\n\r\n", kReadChunkBytes), Refused(431));
  EXPECT_EQ(Read(start + std::string(8 * 1024, 'x') + "\r\n\r\n"), (std::vector<Reply>{{200, true}}));
}

TEST(RequestReaderTest, BadBytesAreRefusedBeforeTheHeadEnds) {
  EXPECT_EQ(Read("\x16\x03\x01\x02"sv), Refused(400));
  EXPECT_EQ(Read("GET / HTTP/1.1\n"sv), Refused(400));
  EXPECT_TRUE(Read("GET / HTTP/1.1\r\n"sv).empty());
}

}  // namespace
}  // namespace toolvitals
