// Families of every type in every format: golden files, and the rule that no name is written twice.
// Floor: render.
#include "render/family_writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "render/prometheus_protobuf.h"
#include "render/prometheus_text.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

constexpr int64_t kCreatedUs = 1'769'860'800'123'456;
constexpr int64_t kTimestampMs = 1'769'860'801'500;

FamilySnapshot Family(FamilyType type, std::string name, std::vector<LabelSet::Pairs> labels, std::string unit = "") {
  FamilyInfo info;
  info.name = std::move(name);
  info.help = "What\\it\nis.";
  info.type = type;
  info.unit = std::move(unit);
  auto sets = std::make_shared<LabelSets>();
  for (LabelSet::Pairs& pairs : labels) sets->push_back(std::make_shared<const LabelSet>(std::move(pairs)));
  FamilySnapshot family;
  family.info = std::make_shared<const FamilyInfo>(std::move(info));
  family.labels = std::move(sets);
  return family;
}

FamilyInfo& Info(FamilySnapshot& family) { return const_cast<FamilyInfo&>(*family.info); }

// One family of each type, with everything that can hang on its series.
Snapshot EveryType() {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.tools.clear();
  snapshot.caches.clear();

  FamilySnapshot counter = Family(FamilyType::kCounter, "orders", {{{"shop", "a\"b\\c\nd"}, {"caf\xC3\xA9", "x"}}, {}});
  counter.values = {uint64_t{18'446'744'073'709'551'615u}, 0.5};
  counter.created_us = {kCreatedUs, 0};
  counter.exemplars = {{0, 0, {{{"trace_id", "4bf9"}, {"span_id", "00f0"}}, 1.5, kCreatedUs}}};
  snapshot.families.push_back(counter);

  FamilySnapshot gauge = Family(FamilyType::kGauge, "room.temperature_celsius", {{{"room", "1"}}}, "celsius");
  gauge.values = {-3.25};
  gauge.timestamps_ms = {kTimestampMs};
  snapshot.families.push_back(gauge);

  FamilySnapshot histogram = Family(FamilyType::kHistogram, "latency_seconds", {{{"path", "/"}}, {}}, "seconds");
  Info(histogram).bounds = {0.25, 1};
  histogram.counts = {1, 2, 3, 0, 0, 0};
  histogram.sums = {12.5, 0};
  histogram.created_us = {kCreatedUs, kCreatedUs};
  histogram.exemplars = {{0, 1, {{}, 0.5, 0}}, {0, 2, {{{"trace_id", "7"}}, 9, kCreatedUs}}};
  NativeHistogram native;
  native.schema = 3;
  native.zero_threshold = 1e-128;
  native.zero_count = 1;
  native.positive = {-2, {1, 0, 0, 0, 2, 1}};
  native.negative = {5, {1}};
  histogram.natives = {std::make_shared<const NativeHistogram>(native), nullptr};
  snapshot.families.push_back(histogram);

  FamilySnapshot now = Family(FamilyType::kGaugeHistogram, "queue_age", {{{"queue", "q"}}});
  now.bounds = {std::make_shared<const std::vector<double>>(std::vector<double>{10})};
  now.counts = {4, 1};
  now.sums = {33};
  snapshot.families.push_back(now);

  FamilySnapshot summary = Family(FamilyType::kSummary, "size_bytes", {{{"kind", "k"}}}, "bytes");
  summary.counts = {7};
  summary.sums = {70.5};
  summary.quantiles = {{{0.5, 9}, {0.99, 11.5}}};
  summary.created_us = {kCreatedUs};
  snapshot.families.push_back(summary);

  snapshot.families.push_back(Family(FamilyType::kInfo, "release", {{{"version", "1.2"}, {"commit", "abc"}}}));

  FamilySnapshot states = Family(FamilyType::kStateSet, "phase", {{{"job", "j"}}, {}});
  Info(states).states = {"starting", "ready"};
  states.values = {uint64_t{0}, uint64_t{1}, uint64_t{1}, uint64_t{0}};
  snapshot.families.push_back(states);

  FamilySnapshot unknown = Family(FamilyType::kUnknown, "something", {{}});
  unknown.values = {1e300};
  snapshot.families.push_back(unknown);
  return snapshot;
}

std::string Text(const Snapshot& snapshot) {
  std::string out;
  RenderPrometheusText(snapshot, {}, out);
  return out;
}

TEST(FamilyWriterTest, EveryTypeIsGoldenInText) {
  const std::string actual = Text(EveryType());
  EXPECT_EQ(actual, testing::Golden("families.prom", actual));
}

TEST(FamilyWriterTest, EveryTypeIsGoldenInText1WithAnyName) {
  std::string actual;
  RenderOptions options;
  options.escaping = Escaping::kAllowUtf8;
  RenderPrometheusText1(EveryType(), options, actual);
  EXPECT_EQ(actual, testing::Golden("families_utf8.prom", actual));
}

TEST(FamilyWriterTest, EveryTypeIsGoldenInOpenMetrics) {
  std::string actual;
  RenderOpenMetrics(EveryType(), {}, actual);
  EXPECT_EQ(actual, testing::Golden("families.om", actual));
}

TEST(FamilyWriterTest, EveryTypeIsGoldenInProtobuf) {
  std::string actual;
  RenderPrometheusProtobuf(EveryType(), {}, actual);
  EXPECT_EQ(actual, testing::Golden("families.pb", actual));
}

TEST(FamilyWriterTest, AFamilyWhoseNamesAreTakenIsLeftOut) {
  Snapshot snapshot = testing::ExampleSnapshot();
  const std::string before = Text(snapshot);
  // Of a family of toolvitals, of a sample of one, and of an instrument before it.
  for (const char* name : {"tool_calls", "tool_call_duration_seconds_bucket", "own", "own"}) {
    FamilySnapshot family = Family(FamilyType::kCounter, name, {{}});
    family.values = {uint64_t{1}};
    snapshot.families.push_back(family);
  }
  EXPECT_EQ(Text(snapshot), before + "# HELP own_total What\\\\it\\nis.\n# TYPE own_total counter\nown_total 1\n");
}

TEST(FamilyWriterTest, AFamilyWithoutSeriesLeavesNothing) {
  Snapshot snapshot = testing::ExampleSnapshot();
  const std::string before = Text(snapshot);
  snapshot.families.push_back(Family(FamilyType::kCounter, "own", {}));
  EXPECT_EQ(Text(snapshot), before);
}

TEST(LabelSetTest, TextIsEncodedWhereEveryNameIsAnIdentifier) {
  EXPECT_EQ(LabelSet(LabelSet::Pairs{{"a", "x\"\\\n"}, {"b_1", ""}}).text, "a=\"x\\\"\\\\\\n\",b_1=\"\"");
  EXPECT_EQ(LabelSet(LabelSet::Pairs{{"a.b", "x"}}).text, "");
  EXPECT_EQ(LabelSet(LabelSet::Pairs{{"a:b", "x"}}).text, "");
  EXPECT_EQ(LabelSet(LabelSet::Pairs{{"a", "\xFF"}}).text, "");
  EXPECT_EQ(LabelSet(LabelSet::Pairs{}).text, "");
}

}  // namespace
}  // namespace toolvitals
