// The protobuf format: its bytes for the example, its framing, and what a message of each type holds. Another reader's
// judgement of the same bytes is in tests/interop/test_formats.py.
// Floor: render.
#include "render/protobuf_sink.h"

#include <gtest/gtest.h>

#include <protozero/pbf_reader.hpp>
#include <string>
#include <vector>

#include "render/prometheus_protobuf.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

std::string Protobuf(const Snapshot& snapshot, const RenderOptions& options = {}) {
  std::string out;
  RenderPrometheusProtobuf(snapshot, options, out);
  return out;
}

// The messages of a delimited stream.
std::vector<protozero::pbf_reader> Messages(const std::string& stream) {
  std::vector<protozero::pbf_reader> messages;
  const char* at = stream.data();
  const char* const end = at + stream.size();
  while (at != end) {
    const uint64_t length = protozero::decode_varint(&at, end);
    EXPECT_LE(length, static_cast<uint64_t>(end - at));
    messages.emplace_back(at, length);
    at += length;
  }
  return messages;
}

TEST(ProtobufSinkTest, ExampleIsGolden) {
  const std::string actual = Protobuf(testing::ExampleSnapshot());
  EXPECT_EQ(actual, testing::Golden("example.pb", actual));
}

TEST(ProtobufSinkTest, EachFamilyIsOneMessage) {
  const std::string stream = Protobuf(testing::ExampleSnapshot());
  std::vector<std::string> names;
  for (protozero::pbf_reader family : Messages(stream)) {
    ASSERT_TRUE(family.next(1));
    names.push_back(family.get_string());
  }
  EXPECT_EQ(names.size(), 36u);
  EXPECT_EQ(names.front(), "tool_calls_total");
  EXPECT_EQ(names[21], "python_info");
  EXPECT_EQ(names.back(), "toolvitals_scrape_duration_seconds");
}

TEST(ProtobufSinkTest, AHistogramsBucketsAreCumulativeAndInfinityIsTheCount) {
  const std::vector<double> bounds = {0.5, 1};
  const std::vector<uint64_t> buckets = {2, 3, 18'446'744'073'709'551'000u};
  std::string stream;
  ProtobufSink sink(Escaping::kUnderscores, stream);
  sink.Begin({"a.", "b", FamilyType::kHistogram, "h"});
  sink.Histogram({}, {bounds, buckets, 4.5});
  sink.End();
  protozero::pbf_reader family = Messages(stream).at(0);
  ASSERT_TRUE(family.next(1));
  EXPECT_EQ(family.get_string(), "a_b");
  ASSERT_TRUE(family.next(3));
  EXPECT_EQ(family.get_enum(), 4);
  ASSERT_TRUE(family.next(4));
  protozero::pbf_reader metric = family.get_message();
  ASSERT_TRUE(metric.next(7));
  protozero::pbf_reader histogram = metric.get_message();
  ASSERT_TRUE(histogram.next(1));
  EXPECT_EQ(histogram.get_uint64(), 18'446'744'073'709'551'005u);
  ASSERT_TRUE(histogram.next(2));
  EXPECT_EQ(histogram.get_double(), 4.5);
  std::vector<std::pair<uint64_t, double>> seen;
  while (histogram.next(3)) {
    protozero::pbf_reader bucket = histogram.get_message();
    ASSERT_TRUE(bucket.next(1));
    const uint64_t count = bucket.get_uint64();
    ASSERT_TRUE(bucket.next(2));
    seen.emplace_back(count, bucket.get_double());
  }
  const std::vector<std::pair<uint64_t, double>> expected = {{2, 0.5}, {5, 1}};
  EXPECT_EQ(seen, expected);
}

TEST(ProtobufSinkTest, AFilterThatNothingPassesGivesNothing) {
  RenderOptions options;
  options.filtered = true;
  options.names = {"unheard_of"};
  EXPECT_EQ(Protobuf(testing::ExampleSnapshot(), options), "");
}

}  // namespace
}  // namespace toolvitals
