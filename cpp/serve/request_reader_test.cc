// Floor: serve.
#include "serve/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
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
                                        "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n",
                                        "Origin: http://localhost\r\nOrigin: http://evil\r\n"}) {
    const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
    EXPECT_EQ(Read(request + follow), Refused(400)) << fields;
    EXPECT_EQ(Read(request + follow, 1), Refused(400)) << fields;
  }
  EXPECT_EQ(Read("GET /health HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), Refused(400));
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
