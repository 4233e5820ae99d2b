// Heads that are complete, cut off, too large, or made for smuggling. Floor: serve.
#include "serve/head_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

using std::string_view_literals::operator""sv;
using Verdict = HeadScanner::Verdict;

Verdict Scan(std::string_view bytes) { return HeadScanner().Scan(bytes); }

TEST(HeadScannerTest, CompleteHeads) {
  for (const std::string_view head :
       {"GET / HTTP/1.1\r\n\r\n"sv, "GET /metrics?a=b HTTP/1.1\r\nHost: localhost\r\nX:\r\nY: a\tb \xe4\r\n\r\n"sv,
        "PURGE * HTTP/9.9\r\nhost:x\r\n\r\n"sv}) {
    HeadScanner scanner;
    EXPECT_EQ(scanner.Scan(head), Verdict::kComplete) << head;
    EXPECT_EQ(scanner.head_bytes(), head.size());
  }
}

TEST(HeadScannerTest, StopsWhereTheHeadEnds) {
  const std::string_view head = "GET / HTTP/1.1\r\n\r\n";
  HeadScanner scanner;
  EXPECT_EQ(scanner.Scan(std::string(head) + "\x01 what follows is not looked at"), Verdict::kComplete);
  EXPECT_EQ(scanner.head_bytes(), head.size());
}

TEST(HeadScannerTest, HowTheBytesArriveDoesNotMatter) {
  const std::string head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n";
  HeadScanner scanner;
  for (size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(scanner.Scan(std::string_view(head).substr(0, size)), Verdict::kNeedMore);
  }
  EXPECT_EQ(scanner.Scan(head), Verdict::kComplete);
}

TEST(HeadScannerTest, WhatSmugglersUseIsMalformedAtOnce) {
  for (const std::string_view head : {"GET / HTTP/1.1\n"sv,
                                      "GET / HTTP/1.1\r\nHost: a\n"sv,
                                      "GET / HTTP/1.1\r\nHost: a\rb"sv,
                                      "GET / HTTP/1.1\r\r"sv,
                                      "GET / HTTP/1.1\r\nHost: a\r\n b"sv,
                                      "GET / HTTP/1.1\r\nHost: a\r\n\tb"sv,
                                      "GET / HTTP/1.1\r\n x: y"sv,
                                      "GET / HTTP/1.1\r\nHost : a"sv,
                                      "GET / HTTP/1.1\r\nHost\t:"sv,
                                      "GET / HTTP/1.1\r\n: a"sv,
                                      "GET / HTTP/1.1\r\nHost\r\n"sv,
                                      "GET / HTTP/1.1\r\nX: a\0"sv,
                                      "GET / HTTP/1.1\r\nX: a\x7f"sv,
                                      "GET / HTTP/1.1\r\nX\xe4:"sv,
                                      "GET  / HTTP/1.1\r\n"sv,
                                      "GET / HTTP/1.1 \r\n"sv,
                                      "GET / HTTP/1.1 x"sv,
                                      "GET /\tHTTP"sv,
                                      "GET /\0"sv,
                                      "GET /\xe4"sv,
                                      " GET"sv,
                                      "\r\n"sv,
                                      "\n"sv,
                                      "GE(T"sv,
                                      "GET\r"sv,
                                      "GET /\r"sv,
                                      "GET / HTTP/1.1\r\n\rx"sv,
                                      "\x16\x03\x01"sv,
                                      "G\0"sv}) {
    EXPECT_EQ(Scan(head), Verdict::kMalformed) << head;
  }
}

TEST(HeadScannerTest, TooManyBytesOrFields) {
  const std::string start = "GET / HTTP/1.1\r\n";
  EXPECT_EQ(Scan(start + "X: " + std::string(kMaxRequestHeadBytes, 'x')), Verdict::kTooLarge);
  EXPECT_EQ(Scan("GET /" + std::string(4 * kMaxRequestHeadBytes, 'x')), Verdict::kTooLarge);

  std::string fields = start;
  for (size_t i = 0; i < kMaxRequestFields; ++i) fields += "a: b\r\n";
  EXPECT_EQ(Scan(fields + "\r\n"), Verdict::kComplete);
  EXPECT_EQ(Scan(fields + "a: b\r\n\r\n"), Verdict::kTooLarge);

  std::string exact = start + "X: ";
  exact += std::string(kMaxRequestHeadBytes - exact.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(Scan(exact), Verdict::kComplete);
}

}  // namespace
}  // namespace toolvitals
