// From samples to families: every type, what does not fit, and what is doubled.
// Floor: model.
#include "model/family_samples.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace toolvitals {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

FamilyInfo Info(std::string name, FamilyType type) {
  FamilyInfo info;
  info.name = std::move(name);
  info.help = "h";
  info.type = type;
  return info;
}

FamilySample Sample(std::string name, LabelSet::Pairs labels, Number value) {
  FamilySample sample;
  sample.name = std::move(name);
  sample.labels = std::move(labels);
  sample.value = value;
  return sample;
}

TEST(FamiliesOfTest, CounterWithCreatedExemplarAndTime) {
  FamilySample total = Sample("c_total", {{"a", "x"}}, uint64_t{9'007'199'254'740'993u});
  total.exemplar = Exemplar{{{"trace_id", "t"}}, 1, 2};
  total.timestamp_ms = 77;
  const auto families = FamiliesOf(Info("c", FamilyType::kCounter), {total, Sample("c_created", {{"a", "x"}}, 1.5),
                                                                     Sample("c_total", {{"a", "y"}}, 2.5)});
  ASSERT_EQ(families.size(), 1u);
  const FamilySnapshot& family = families[0];
  EXPECT_EQ(family.info->name, "c");
  ASSERT_EQ(family.size(), 2u);
  EXPECT_EQ((*family.labels)[1]->pairs, (LabelSet::Pairs{{"a", "y"}}));
  EXPECT_EQ(family.values[0].whole, 9'007'199'254'740'993u);
  EXPECT_EQ(family.values[1].AsDouble(), 2.5);
  EXPECT_EQ(family.created_us, (std::vector<int64_t>{1'500'000, 0}));
  EXPECT_EQ(family.timestamps_ms, (std::vector<int64_t>{77, FamilySnapshot::kNoTimestamp}));
  ASSERT_EQ(family.exemplars.size(), 1u);
  EXPECT_EQ(family.exemplars[0].exemplar.labels[0].second, "t");
}

TEST(FamiliesOfTest, HistogramsMayHaveBoundsOfTheirOwn) {
  const auto bucket = [](const char* who, const char* le, uint64_t count) {
    return Sample("h_bucket", {{"who", who}, {"le", le}}, count);
  };
  const auto families = FamiliesOf(
      Info("h", FamilyType::kHistogram),
      {bucket("a", "+Inf", 6), bucket("a", "1e0", 3), bucket("a", "0.25", 1), Sample("h_sum", {{"who", "a"}}, 2.5),
       bucket("b", "8", 4), Sample("h_count", {{"who", "b"}}, uint64_t{5})});
  ASSERT_EQ(families.size(), 1u);
  const FamilySnapshot& family = families[0];
  ASSERT_EQ(family.size(), 2u);
  EXPECT_EQ(*family.bounds[0], (std::vector<double>{0.25, 1}));
  EXPECT_EQ(*family.bounds[1], (std::vector<double>{8}));
  EXPECT_EQ(family.counts, (std::vector<uint64_t>{1, 2, 3, 4, 1}));
  EXPECT_EQ(family.sums[0], 2.5);
  EXPECT_TRUE(std::isnan(family.sums[1]));
  EXPECT_EQ((*family.labels)[0]->pairs, (LabelSet::Pairs{{"who", "a"}}));
}

TEST(FamiliesOfTest, EqualBoundsAreShared) {
  const auto families =
      FamiliesOf(Info("h", FamilyType::kHistogram), {Sample("h_bucket", {{"w", "a"}, {"le", "1"}}, uint64_t{1}),
                                                     Sample("h_bucket", {{"w", "b"}, {"le", "1.0"}}, uint64_t{2})});
  EXPECT_EQ(families[0].bounds[0], families[0].bounds[1]);
}

TEST(FamiliesOfTest, BucketsThatFallAreKeptAsTheyAre) {
  const auto families = FamiliesOf(Info("h", FamilyType::kHistogram),
                                   {Sample("h_bucket", {{"le", "1"}}, uint64_t{5}),
                                    Sample("h_bucket", {{"le", "+Inf"}}, uint64_t{3}), Sample("h_sum", {}, 1.0)});
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].info->name, "h_bucket");
  EXPECT_EQ(families[0].info->type, FamilyType::kUnknown);
  EXPECT_EQ((*families[0].labels)[0]->pairs, (LabelSet::Pairs{{"le", "1"}}));
  EXPECT_EQ(families[0].values[1].whole, 3u);
  EXPECT_EQ(families[1].info->name, "h_sum");
}

TEST(FamiliesOfTest, WhatDoesNotFitTheTypeIsUnknown) {
  const auto families =
      FamiliesOf(Info("g", FamilyType::kGauge), {Sample("g", {}, 1.0), Sample("g_extra", {{"a", "b"}}, 2.0),
                                                 Sample("other", {}, 3.0), Sample("g_extra", {{"a", "b"}}, 4.0)});
  ASSERT_EQ(families.size(), 3u);
  EXPECT_EQ(families[0].info->type, FamilyType::kGauge);
  EXPECT_EQ(families[1].info->name, "g_extra");
  ASSERT_EQ(families[1].size(), 1u);
  EXPECT_EQ(families[1].values[0].AsDouble(), 4);
  EXPECT_EQ(families[2].info->name, "other");
  EXPECT_EQ(families[2].info->help, "h");
}

TEST(FamiliesOfTest, FractionalOrHugeBucketsAreKeptApart) {
  for (const double count : {0.5, -1.0, 2e19, kInfinity, std::nan("")}) {
    const auto families = FamiliesOf(Info("h", FamilyType::kHistogram), {Sample("h_bucket", {{"le", "1"}}, count)});
    ASSERT_EQ(families.size(), 1u) << count;
    EXPECT_EQ(families[0].info->name, "h_bucket") << count;
  }
}

TEST(FamiliesOfTest, SummaryInfoAndStateSet) {
  auto families = FamiliesOf(Info("s", FamilyType::kSummary),
                             {Sample("s", {{"quantile", "0.99"}}, 9.0), Sample("s", {{"quantile", "0.5"}}, 5.0),
                              Sample("s_count", {}, 3.0), Sample("s_sum", {}, 20.0)});
  ASSERT_EQ(families.size(), 1u);
  EXPECT_EQ(families[0].counts[0], 3u);
  EXPECT_EQ(families[0].quantiles[0][0].quantile, 0.5);
  EXPECT_EQ(families[0].quantiles[0][1].value, 9);

  families = FamiliesOf(Info("i", FamilyType::kInfo), {Sample("i_info", {{"version", "1"}}, uint64_t{1})});
  EXPECT_EQ((*families[0].labels)[0]->pairs[0].second, "1");

  families = FamiliesOf(Info("p", FamilyType::kStateSet), {Sample("p", {{"j", "a"}, {"p", "on"}}, uint64_t{1}),
                                                           Sample("p", {{"j", "b"}, {"p", "off"}}, 1.0)});
  ASSERT_EQ(families[0].size(), 2u);
  EXPECT_EQ(families[0].info->states, (std::vector<std::string>{"on", "off"}));
  EXPECT_EQ(families[0].values[0].AsDouble(), 1);
  EXPECT_EQ(families[0].values[1].AsDouble(), 0);
  EXPECT_EQ(families[0].values[2].AsDouble(), 0);
  EXPECT_EQ(families[0].values[3].AsDouble(), 1);
}

TEST(FamiliesOfTest, NativeHistogram) {
  NativeHistogram native;
  native.schema = 2;
  native.positive = {3, {1, 2}, 0};
  FamilySample sample = Sample("h", {}, 7.5);
  sample.native = std::make_shared<const NativeHistogram>(native);
  const auto families = FamiliesOf(Info("h", FamilyType::kHistogram), {sample});
  EXPECT_EQ(*families[0].natives[0], native);
  EXPECT_EQ(families[0].sums[0], 7.5);
  EXPECT_EQ(families[0].counts, (std::vector<uint64_t>{3}));
}

TEST(FamiliesOfTest, NoSamplesNoFamily) { EXPECT_TRUE(FamiliesOf(Info("g", FamilyType::kGauge), {}).empty()); }

}  // namespace
}  // namespace toolvitals
