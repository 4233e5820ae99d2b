// A native histogram as text: its fields, spans and differences.
// Floor: render.
#include "render/native_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "render/prometheus_text.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

std::string Written(const NativeHistogram& native, double sum) {
  std::string out;
  Writer writer(out);
  WriteNative(native, sum, writer);
  return out.substr(0, writer.written());
}

TEST(NativeTextTest, WritesSpansAndDifferences) {
  NativeHistogram native;
  native.schema = 0;
  native.zero_threshold = 0.001;
  native.zero_count = 4;
  native.infinite_index = 1025;
  // Two empty buckets are bridged; three begin a span of their own.
  native.positive = {.first_index = -3, .counts = {2, 3, 0, 0, 1, 0, 0, 0, 5}, .infinite = 1};
  native.negative = {.first_index = 2, .counts = {7}};
  EXPECT_EQ(
      Written(native, 1e6),
      "{count:23,sum:1000000.0,schema:0,zero_threshold:0.001,zero_count:4,negative_spans:[2:1],negative_deltas:[7],"
      "positive_spans:[-3:5,3:1,1019:1],positive_deltas:[2,1,-3,0,1,4,-4]}");
}

TEST(NativeTextTest, WritesWhatWasNeverObserved) {
  NativeHistogram native;
  native.schema = 3;
  native.zero_threshold = 0x1p-128;
  EXPECT_EQ(Written(native, 0), "{count:0,sum:0.0,schema:3,zero_threshold:2.938735877055719e-39,zero_count:0}");
  EXPECT_EQ(Written(native, std::numeric_limits<double>::infinity()).substr(0, 18), "{count:0,sum:+Inf,");
}

TEST(NativeTextTest, IsAllThatTheNewerVersionAdds) {
  std::string older, newer;
  RenderOpenMetrics(testing::EveryType(), {}, older);
  RenderOpenMetrics2(testing::EveryType(), {}, newer);
  std::string without;
  size_t natives = 0;
  for (size_t begin = 0; begin < newer.size();) {
    const size_t end = newer.find('\n', begin) + 1;
    const std::string line = newer.substr(begin, end - begin);
    if (line.find("zero_threshold:") == std::string::npos) {
      without += line;
    } else {
      ++natives;
    }
    begin = end;
  }
  EXPECT_EQ(without, older);
  EXPECT_GT(natives, 0u);
}

}  // namespace
}  // namespace toolvitals
