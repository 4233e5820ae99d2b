// Every kind, held to what they promise alike: what is read can be stored and read again, merging adds up in any order,
// and resetting leaves what a new series has.
// Floor: kinds.
#include "kinds/metric_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "base/testing.h"
#include "snapshot/instrument_fixture.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;
constexpr uint64_t kMaxRecords = 20;

class MetricKindTest : public InstrumentFixture, public ::testing::WithParamInterface<InstrumentKind> {
 protected:
  const MetricKind& kind() const { return KindOf(GetParam()); }

  FamilyDefinition Definition() const {
    FamilyDefinition definition = Define(GetParam(), "name", {"label"});
    definition.exponential = GetParam() == InstrumentKind::kHistogram;
    definition.gauge_mode = GaugeMode::kSum;
    if (GetParam() != InstrumentKind::kGauge) definition.gauge_mode = GaugeMode::kAll;
    if (GetParam() == InstrumentKind::kSummary) {
      definition.window_size = 100;
      definition.quantiles = {0.5, 0.9};
    }
    return definition;
  }

  // Whole numbers, whose sums are the same in any order.
  void Record(Family& family, Series& series, Random& random) {
    const auto amount = static_cast<double>(random.Below(20));
    switch (GetParam()) {
      case InstrumentKind::kCounter:
        return series.counter().Increment<kAlone>(amount);
      case InstrumentKind::kGauge:
        return series.gauge().Set(amount);
      case InstrumentKind::kHistogram:
        return series.histogram().Observe<kAlone>(*segment_, family.bounds().BucketOf(amount), amount);
      case InstrumentKind::kSummary: {
        SummarySeriesCell& cell = series.summary();
        cell.window.Record<kAlone>(*segment_->At<RingRecord>(cell.window.ring.load(std::memory_order_relaxed)), amount);
        return cell.Observe<kAlone>(amount);
      }
      case InstrumentKind::kInfo:
        family.SetFacts(series, std::vector<std::string_view>{"fact", random.Below(2) == 0 ? "a" : "b"});
        return;
      default:
        series.state_set().state.store(random.Below(3), std::memory_order_relaxed);
    }
  }

  std::shared_ptr<Family> MakeRandom(Random& random, size_t series) {
    std::shared_ptr<Family> family = Make(Definition());
    for (size_t i = 0; i < series; ++i) {
      const auto made = family->WithLabels(Values{std::to_string(i)});
      // A state set has a state from the start, an info no facts.
      for (uint64_t records = 1 + random.Below(kMaxRecords); records > 0; --records) Record(*family, *made, random);
    }
    return family;
  }

  static FamilyPart PartOf(FamilyReader& reader, const Family& family) {
    std::vector<FamilyPart> parts;
    reader.ReadParts([](uint64_t) { return true; }, parts);
    for (FamilyPart& part : parts) {
      if (part.snapshot.labels->size() == family.All().size()) return part;
    }
    return {};
  }

  // The one family of the store.
  FamilyPart Read(const Family& family) {
    FamilyReader reader(*segment_, kDefaultRegistry);
    return PartOf(reader, family);
  }
};

std::vector<double> Doubles(const std::vector<Number>& numbers) {
  std::vector<double> doubles;
  for (const Number& number : numbers) doubles.push_back(number.AsDouble());
  return doubles;
}

std::vector<std::string> Texts(const LabelSets& sets) {
  std::vector<std::string> texts;
  for (const auto& set : sets) texts.push_back(set->text);
  return texts;
}

void ExpectEqual(const FamilyPart& a, const FamilyPart& b) {
  EXPECT_EQ(Texts(*a.snapshot.labels), Texts(*b.snapshot.labels));
  EXPECT_EQ(Doubles(a.snapshot.values), Doubles(b.snapshot.values));
  EXPECT_EQ(a.snapshot.counts, b.snapshot.counts);
  EXPECT_EQ(a.snapshot.sums, b.snapshot.sums);
  ASSERT_EQ(a.samples.size(), b.samples.size());
  for (size_t i = 0; i < a.samples.size(); ++i) {
    EXPECT_THAT(a.samples[i], ::testing::UnorderedElementsAreArray(b.samples[i]));
  }
  ASSERT_EQ(a.snapshot.natives.size(), b.snapshot.natives.size());
  for (size_t i = 0; i < a.snapshot.natives.size(); ++i) {
    ASSERT_NE(a.snapshot.natives[i], nullptr);
    ASSERT_NE(b.snapshot.natives[i], nullptr);
    EXPECT_EQ(a.snapshot.natives[i]->total(), b.snapshot.natives[i]->total());
    EXPECT_EQ(a.snapshot.natives[i]->schema, b.snapshot.natives[i]->schema);
  }
}

FamilyPart MergedOf(const std::vector<FamilyPart>& parts) {
  FamilyPart merged;
  merged.definition = parts.front().definition;
  merged.snapshot.labels = merged.keys = parts.front().keys;
  std::vector<size_t> rows(merged.keys->size());
  std::iota(rows.begin(), rows.end(), size_t{0});
  const auto sums = KindOf(merged.definition.kind).Merge(rows.size(), merged);
  for (const FamilyPart& part : parts) sums->AddPart(part, rows);
  sums->FinishAll();
  return merged;
}

TEST_P(MetricKindTest, WhatIsReadCanBeStoredAndReadAgain) {
  Random random(71);
  for (int round = 0; round < 20; ++round) {
    FamilyPart before;
    {
      const auto family = MakeRandom(random, 3);
      before = Read(*family);
    }
    const auto copy = Make(Definition());
    for (size_t row = 0; row < 3; ++row) {
      const auto series = copy->WithLabels(Values{std::to_string(row)});
      ASSERT_TRUE(kind().Store(before, row, *segment_, series->record()));
    }
    ExpectEqual(Read(*copy), before);
  }
}

TEST_P(MetricKindTest, APartAloneIsItself) {
  Random random(72);
  const auto family = MakeRandom(random, 3);
  const FamilyPart part = Read(*family);
  ExpectEqual(MergedOf({part}), part);
}

TEST_P(MetricKindTest, TheOrderOfPartsIsNoMatter) {
  Random random(73);
  for (int round = 0; round < 20; ++round) {
    std::vector<FamilyPart> parts;
    for (int i = 0; i < 3; ++i) {
      parts.push_back(Read(*MakeRandom(random, 2)));
      // Of what is replaced as a whole the latest counts, so that the order has to be told by the dates.
      for (int64_t& changed : parts.back().changed_us) changed = 1000 + i;
    }
    const FamilyPart forwards = MergedOf(parts);
    std::swap(parts[0], parts[2]);
    ExpectEqual(MergedOf(parts), forwards);
    // ((a b) c) is (a (b c)).
    std::swap(parts[0], parts[2]);
    ExpectEqual(MergedOf({MergedOf({parts[0], parts[1]}), parts[2]}), forwards);
    ExpectEqual(MergedOf({parts[0], MergedOf({parts[1], parts[2]})}), forwards);
  }
}

TEST_P(MetricKindTest, ResettingLeavesWhatANewSeriesHas) {
  // Of facts and states nothing is counted.
  if (kind().dates_changes() && !kind().can_be_absent()) return;
  Random random(74);
  const auto family = MakeRandom(random, 2);
  for (const auto& series : family->All()) family->Reset(*series);
  const FamilyPart reset = Read(*family);
  for (const double value : Doubles(reset.snapshot.values)) EXPECT_EQ(value, 0);
  for (const uint64_t count : reset.snapshot.counts) EXPECT_EQ(count, 0u);
  for (const double sum : reset.snapshot.sums) EXPECT_EQ(sum, 0);
  for (const auto& samples : reset.samples) EXPECT_TRUE(samples.empty());
  for (const auto& native : reset.snapshot.natives) EXPECT_EQ(native->total(), 0u);
}

TEST_P(MetricKindTest, GivesBackAllThatASeriesTook) {
  Random random(75);
  { const auto family = MakeRandom(random, 3); }
  const uint64_t used = segment_->used_bytes();
  for (int round = 0; round < 10; ++round) const auto family = MakeRandom(random, 3);
  // Facts and exponential buckets have blocks of several sizes; what is free is used again, so it does not grow on.
  EXPECT_LT(segment_->used_bytes() - used, uint64_t{16 << 10});
}

INSTANTIATE_TEST_SUITE_P(Kinds, MetricKindTest,
                         ::testing::Values(InstrumentKind::kCounter, InstrumentKind::kGauge, InstrumentKind::kHistogram,
                                           InstrumentKind::kSummary, InstrumentKind::kInfo, InstrumentKind::kStateSet),
                         [](const auto& info) {
                           return std::string("Kind") + std::to_string(static_cast<int>(info.param));
                         });

TEST(KindTableTest, NumbersThatAreNoKindAreKnown) {
  EXPECT_FALSE(IsKind(InstrumentKind::kNone));
  EXPECT_FALSE(IsKind(static_cast<InstrumentKind>(7)));
  EXPECT_FALSE(IsKind(static_cast<InstrumentKind>(UINT64_MAX)));
  EXPECT_EQ(KindOf(InstrumentKind::kCounter).type(), FamilyType::kCounter);
  EXPECT_EQ(KindOf(InstrumentKind::kStateSet).type(), FamilyType::kStateSet);
}

}  // namespace
}  // namespace toolvitals
