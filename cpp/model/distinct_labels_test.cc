// Series whose labels are the same, added up. Floor: model.
#include "model/distinct_labels.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace toolvitals {
namespace {

// 1 and "1" have the same labels; "2" has others.
FamilySnapshot Family(FamilyType type, bool is_open = true) {
  auto info = std::make_shared<FamilyInfo>();
  info->name = "f";
  info->type = type;
  info->is_open = is_open;
  auto labels = std::make_shared<LabelSets>();
  for (const AttributeValue& value :
       {AttributeValue(int64_t{1}), AttributeValue(std::string("2")), AttributeValue(std::string("1"))}) {
    labels->push_back(std::make_shared<const LabelSet>(Attributes{{"a", value}}, ""));
  }
  FamilySnapshot family;
  family.info = std::move(info);
  family.labels = std::move(labels);
  return family;
}

TEST(DistinctLabelsTest, OnlyOpenFamiliesWithOtherValuesThanTextsMayLookAlike) {
  FamilySnapshot family = Family(FamilyType::kCounter);
  EXPECT_TRUE(MayLookAlike(family));
  EXPECT_FALSE(MayLookAlike(Family(FamilyType::kCounter, /*is_open=*/false)));
  auto texts = std::make_shared<LabelSets>();
  for (const char* value : {"1", "2"}) {
    texts->push_back(std::make_shared<const LabelSet>(Attributes{{"a", std::string(value)}}, ""));
  }
  family.labels = std::move(texts);
  EXPECT_FALSE(MayLookAlike(family));
}

TEST(DistinctLabelsTest, CountsAreAddedUpInThePlaceOfTheFirst) {
  FamilySnapshot family = Family(FamilyType::kCounter);
  family.values = {uint64_t{1}, uint64_t{2}, uint64_t{4}};
  family.created_us = {30, 20, 10};
  const FamilySnapshot distinct = WithDistinctLabels(family);
  ASSERT_EQ(distinct.size(), 2u);
  EXPECT_EQ((*distinct.labels)[0]->text, "a=\"1\"");
  EXPECT_EQ((*distinct.labels)[1]->text, "a=\"2\"");
  EXPECT_TRUE(distinct.values[0].is_whole);
  EXPECT_EQ(distinct.values[0].whole, 5u);
  EXPECT_EQ(distinct.values[1].whole, 2u);
  EXPECT_EQ(distinct.created_us, (std::vector<int64_t>{10, 20}));
}

TEST(DistinctLabelsTest, AWholeAndARealNumberAreAReal) {
  FamilySnapshot family = Family(FamilyType::kCounter);
  family.values = {uint64_t{1}, uint64_t{2}, 0.5};
  const Number sum = WithDistinctLabels(family).values[0];
  EXPECT_FALSE(sum.is_whole);
  EXPECT_EQ(sum.real, 1.5);
}

TEST(DistinctLabelsTest, OfGaugesTheLastHolds) {
  FamilySnapshot family = Family(FamilyType::kGauge);
  family.values = {3.0, 2.0, 7.0};
  family.timestamps_ms = {1, 2, 3};
  const FamilySnapshot distinct = WithDistinctLabels(family);
  EXPECT_EQ(distinct.values[0].AsDouble(), 7);
  EXPECT_EQ(distinct.timestamps_ms, (std::vector<int64_t>{3, 2}));
}

TEST(DistinctLabelsTest, SummariesAreAddedUpWithoutQuantiles) {
  FamilySnapshot family = Family(FamilyType::kSummary);
  family.counts = {1, 2, 4};
  family.sums = {1, 2, 4};
  family.quantiles = {{{0.5, 1}}, {{0.5, 2}}, {{0.5, 4}}};
  const FamilySnapshot distinct = WithDistinctLabels(family);
  EXPECT_EQ(distinct.counts, (std::vector<uint64_t>{5, 2}));
  EXPECT_TRUE(distinct.quantiles[0].empty());
  ASSERT_EQ(distinct.quantiles[1].size(), 1u);
  EXPECT_EQ(distinct.quantiles[1][0].value, 2);
}

TEST(DistinctLabelsTest, HistogramsAreAddedUpBucketByBucket) {
  FamilySnapshot family = Family(FamilyType::kHistogram);
  family.counts = {1, 2, 10, 20, 100, 200};
  family.sums = {1.5, 2, 0.5};
  auto native = std::make_shared<NativeHistogram>();
  native->zero_count = 3;
  family.natives = {native, native, native};
  family.exemplars.resize(3);
  for (size_t i = 0; i < 3; ++i) {
    family.exemplars[i].series = i;
    family.exemplars[i].bucket = 1;
    family.exemplars[i].exemplar.value = static_cast<double>(i);
  }
  const FamilySnapshot distinct = WithDistinctLabels(family);
  EXPECT_EQ(distinct.counts, (std::vector<uint64_t>{101, 202, 10, 20}));
  EXPECT_EQ(distinct.sums, (std::vector<double>{2, 2}));
  EXPECT_EQ(distinct.natives[0]->zero_count, 6u);
  EXPECT_EQ(distinct.natives[1]->zero_count, 3u);
  ASSERT_EQ(distinct.exemplars.size(), 2u);
  EXPECT_EQ(distinct.exemplars[0].series, 0u);
  EXPECT_EQ(distinct.exemplars[1].series, 1u);
}

TEST(DistinctLabelsTest, ANativeHistogramThatIsNotThereForOneIsNotThereForTheSum) {
  FamilySnapshot family = Family(FamilyType::kHistogram);
  family.counts = {1, 2, 4};
  family.sums = {1, 2, 4};
  family.natives = {std::make_shared<NativeHistogram>(), nullptr, nullptr};
  EXPECT_EQ(WithDistinctLabels(family).natives[0], nullptr);
}

TEST(DistinctLabelsTest, WhereAllDifferNothingChanges) {
  FamilySnapshot family = Family(FamilyType::kCounter);
  auto labels = std::make_shared<LabelSets>(family.labels->begin(), family.labels->begin() + 2);
  family.labels = std::move(labels);
  family.values = {uint64_t{1}, uint64_t{2}};
  const FamilySnapshot distinct = WithDistinctLabels(family);
  EXPECT_EQ(distinct.size(), 2u);
  EXPECT_EQ(distinct.values[1].whole, 2u);
}

}  // namespace
}  // namespace toolvitals
