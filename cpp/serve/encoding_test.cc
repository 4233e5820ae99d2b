// Headers that want gzip or do not, and bodies that come back as they were. Floor: serve.
#include "serve/encoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "serve/gunzip.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

TEST(AcceptEncodingTest, GzipWhereItIsAccepted) {
  for (const std::string_view yes :
       {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=1.0, *;q=0.5", "gzip;q=0.001", "*", "br, *;q=0.1", "gzip, identity",
        "identity;q=0.5, gzip;q=0.5", "identity;q=0, *"}) {
    EXPECT_TRUE(AcceptsGzip(yes)) << yes;
  }
}

TEST(AcceptEncodingTest, PlainWhereItIsNot) {
  for (const std::string_view no : {"", "identity", "gzip;q=0", "gzip;q=0.000", "gzip;q=0, *", "*;q=0", "br, deflate",
                                    "identity, gzip;q=0.5", "gzip;q=x", "gzipped", ",,;", "identity;q=0"}) {
    EXPECT_FALSE(AcceptsGzip(no)) << no;
  }
}

TEST(AcceptEncodingTest, TenThousandItemsAreBounded) {
  std::string header;
  for (int i = 0; i < 10'000; ++i) header += "br,";
  EXPECT_FALSE(AcceptsGzip(header + "gzip"));
}

TEST(GzipTest, GivesBackWhatItTook) {
  for (const size_t size : {kMinGzipBytes, size_t{200'000}}) {
    std::string body;
    for (size_t i = 0; body.size() < size; ++i) body += "tool_calls_total{tool=\"t" + std::to_string(i * i) + "\"} 1\n";
    const auto compressed = Gzip(body);
    ASSERT_TRUE(compressed.has_value());
    EXPECT_LT(compressed->size(), body.size());
    EXPECT_EQ(Gunzip(*compressed, body.size()), body);
  }
}

TEST(GzipTest, SmallBodiesStayAsTheyAre) {
  EXPECT_FALSE(Gzip("").has_value());
  EXPECT_FALSE(Gzip(std::string(kMinGzipBytes - 1, 'x')).has_value());
}

TEST(GzipStreamTest, PiecesAreOneFile) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  for (const size_t bytes : {size_t{1000}, size_t{64 * 1024}, text.size()}) {
    GzipStream gzip;
    std::string compressed;
    for (size_t at = 0; at < text.size(); at += bytes) {
      gzip.Append(std::string_view(text).substr(at, bytes), at + bytes >= text.size(), compressed);
    }
    EXPECT_EQ(Gunzip(compressed, text.size()), text);
  }
}

TEST(GzipStreamTest, NothingIsAFileToo) {
  GzipStream gzip;
  std::string compressed;
  gzip.Append("", true, compressed);
  EXPECT_EQ(Gunzip(compressed, 1), "");
}

}  // namespace
}  // namespace toolvitals
