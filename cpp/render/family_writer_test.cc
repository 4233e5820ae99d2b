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

using testing::EveryType;
using testing::Family;

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

TEST(FamilyWriterTest, FormatsOfLabelsShowSeriesOfTheSameLabelsAsOne) {
  Snapshot snapshot;
  snapshot.families.push_back(testing::OpenFamily(FamilyType::kCounter, "own",
                                                  {{{"a", int64_t{1}}}, {{"a", true}}, {{"a", std::string("1")}}, {}}));
  snapshot.families.back().values = {uint64_t{1}, uint64_t{2}, uint64_t{4}, uint64_t{8}};
  const std::string samples = "own_total{a=\"1\"} 5\nown_total{a=\"true\"} 2\nown_total 8\n";
  EXPECT_NE(Text(snapshot).find(samples), std::string::npos) << Text(snapshot);
  std::string openmetrics;
  RenderOpenMetrics(snapshot, {}, openmetrics);
  EXPECT_NE(openmetrics.find("own_total{a=\"1\"} 5"), std::string::npos) << openmetrics;
  EXPECT_EQ(openmetrics.find("own_total{a=\"1\"} 4"), std::string::npos) << openmetrics;
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
