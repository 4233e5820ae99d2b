// Families: look-up, budgets, removal, and memory that is used again.
// Floor: registry.
#include "registry/family.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/testing.h"
#include "registry/instrument_store.h"

namespace toolvitals {
namespace {

using Values = std::vector<std::string_view>;

class FamilyTest : public ::testing::Test {
 protected:
  FamilyDefinition Counter(std::vector<std::string> labels) {
    FamilyDefinition definition;
    definition.name = "requests";
    definition.help = "Requests.";
    definition.label_names = std::move(labels);
    return definition;
  }

  std::shared_ptr<Family> Make(FamilyDefinition definition, const FamilyOptions& options = {}) {
    auto made = store_.Create(std::move(definition), options);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(1 << 20);
  SeriesBudget series_budget_{*segment_, 100};
  absl::Mutex mutex_;
  InstrumentStore store_{*segment_, series_budget_, mutex_};
};

TEST_F(FamilyTest, TheSameValuesAreTheSameSeries) {
  const auto family = Make(Counter({"a", "b"}));
  const auto series = family->WithLabels(Values{"x", "y"});
  series->counter().Increment<Writers::kConcurrent>(uint64_t{3});
  EXPECT_EQ(family->WithLabels(Values{"x", "y"}), series);
  EXPECT_NE(family->WithLabels(Values{"xy", ""}), series);
  EXPECT_NE(family->WithLabels(Values{"", "xy"}), series);
  EXPECT_EQ(family->Find(Values{"x", "y"})->counter().Integer(), 3u);
  EXPECT_EQ(family->Find(Values{"y", "x"}), nullptr);
  EXPECT_EQ(series_budget_.series(), 3u);
}

TEST_F(FamilyTest, ACollisionOfHashesMergesNothing) {
  FamilyOptions options;
  options.hash = [](std::string_view) { return uint64_t{7}; };
  const auto family = Make(Counter({"a"}), options);
  std::vector<std::string> names;
  for (int i = 0; i < 50; ++i) names.push_back("value" + std::to_string(i));
  for (size_t i = 0; i < names.size(); ++i) {
    family->WithLabels(Values{names[i]})->counter().Increment<Writers::kConcurrent>(uint64_t{i});
  }
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(family->Find(Values{names[i]})->counter().Integer(), i);
  }
}

TEST_F(FamilyTest, PastTheBudgetLabelSetsFoldIntoOneSeries) {
  const auto family = Make(Counter({"user"}));
  const auto other = Make(Counter({}));  // Counted, and never refused.
  std::vector<std::string> users;
  for (int i = 0; i < 300; ++i) users.push_back("user" + std::to_string(i));
  for (const std::string& user : users) {
    const auto series = family->WithLabels(Values{user});
    series->Touch();
    series->counter().Increment<Writers::kConcurrent>(uint64_t{1});
  }
  EXPECT_EQ(series_budget_.series(), 100u);
  EXPECT_EQ(family->overflowed(), 201u);
  EXPECT_EQ(family->overflow()->counter().Integer(), 201u);
  const auto offenders = HeavyHitters::Read(*segment_);
  ASSERT_EQ(offenders.size(), OffenderTable::kSlots);
  EXPECT_EQ(offenders[0].family, "requests");
  EXPECT_EQ(offenders[0].label, "user");
  EXPECT_LE(offenders[0].count - offenders[0].error, 1u);
}

TEST_F(FamilyTest, AFamilyHasALimitOfItsOwn) {
  FamilyOptions options;
  options.max_series = 2;
  const auto family = Make(Counter({"a"}), options);
  family->WithLabels(Values{"1"});
  family->WithLabels(Values{"2"});
  EXPECT_TRUE(family->WithLabels(Values{"3"})->is_overflow());
  EXPECT_FALSE(family->WithLabels(Values{"2"})->is_overflow());
  EXPECT_TRUE(family->Remove(Values{"1"}));
  EXPECT_FALSE(family->WithLabels(Values{"3"})->is_overflow());
}

TEST_F(FamilyTest, AValueThatIsTooLongGoesToTheOverflowSeries) {
  const auto family = Make(Counter({"a"}));
  EXPECT_TRUE(family->WithLabels(Values{std::string(kMaxLabelValueBytes + 1, 'x')})->is_overflow());
  EXPECT_FALSE(family->WithLabels(Values{std::string(kMaxLabelValueBytes, 'x')})->is_overflow());
}

TEST_F(FamilyTest, WhatIsRemovedIsGoneAndItsHandleHarmless) {
  const auto family = Make(Counter({"a", "b"}));
  auto kept = family->WithLabels(Values{"1", "x"});
  family->WithLabels(Values{"2", "x"});
  family->WithLabels(Values{"3", "y"});
  EXPECT_TRUE(family->Remove(Values{"1", "x"}));
  EXPECT_FALSE(family->Remove(Values{"1", "x"}));
  const auto anew = family->WithLabels(Values{"1", "x"});
  EXPECT_NE(anew, kept);
  kept->counter().Increment<Writers::kConcurrent>(uint64_t{5});
  EXPECT_EQ(anew->counter().Integer(), 0u);
  const std::vector<std::pair<size_t, std::string_view>> matching = {{1, "x"}};
  EXPECT_EQ(family->RemoveMatching(matching), 2u);
  EXPECT_EQ(family->Find(Values{"3", "y"})->counter().Integer(), 0u);
  family->Clear();
  EXPECT_EQ(family->Find(Values{"3", "y"}), nullptr);
  EXPECT_EQ(series_budget_.series(), 0u);
}

TEST_F(FamilyTest, MemoryIsUsedAgain) {
  const auto family = Make(Counter({"a"}));
  family->WithLabels(Values{"first"});
  family->Remove(Values{"first"});
  const uint64_t used = segment_->used_bytes();
  for (int i = 0; i < 10'000; ++i) {
    const std::string value = "value" + std::to_string(i % 10);
    EXPECT_FALSE(family->WithLabels(Values{value})->is_overflow());
    EXPECT_TRUE(family->Remove(Values{value}));
    Make(Counter({"b"}))->WithLabels(Values{value});
  }
  EXPECT_LT(segment_->used_bytes() - used, 4096u);
}

TEST_F(FamilyTest, MemoryOfExponentialBucketsIsUsedAgain) {
  FamilyDefinition definition = Counter({"a"});
  definition.kind = InstrumentKind::kHistogram;
  definition.bounds = {1};
  definition.exponential = true;
  const auto family = Make(definition);
  for (int i = 0; i < 2'000; ++i) {
    const auto series = family->WithLabels(Values{"value"});
    ASSERT_FALSE(series->is_overflow());
    for (double value = 1e-3; value < 1e9; value *= 10) {
      series->histogram().Observe<Writers::kConcurrent>(*segment_, 0, value);
    }
    const Offset cell = series->histogram().exponential.load(std::memory_order_relaxed);
    ASSERT_TRUE(segment_->At<ExponentialCell>(cell)->Read(*segment_).has_value());
    EXPECT_TRUE(family->Remove(Values{"value"}));
  }
  EXPECT_LT(segment_->used_bytes(), 100'000u);
}

TEST_F(FamilyTest, SeriesExpireWhenNobodyHoldsThem) {
  FakeClock clock;
  FamilyDefinition definition = Counter({"a"});
  definition.ttl_ns = 60'000'000'000;
  const auto family = Make(definition);
  const auto held = family->WithLabels(Values{"held"});
  family->WithLabels(Values{"used"});
  family->WithLabels(Values{"idle"});
  clock.Advance(50'000'000'000);
  family->Find(Values{"used"})->Touch();
  clock.Advance(20'000'000'000);
  EXPECT_EQ(family->Expire(), 1u);
  EXPECT_EQ(family->Find(Values{"idle"}), nullptr);
  EXPECT_NE(family->Find(Values{"held"}), nullptr);
  EXPECT_NE(family->Find(Values{"used"}), nullptr);
}

TEST_F(FamilyTest, ATimeToLiveMayBeAFractionOfASecond) {
  FakeClock clock;
  FamilyDefinition definition = Counter({"a"});
  definition.ttl_ns = 250'000'000;
  const auto family = Make(definition);
  family->WithLabels(Values{"idle"});
  clock.Advance(249'999'999);
  EXPECT_EQ(family->Expire(), 0u);
  clock.Advance(250'000'000);
  EXPECT_EQ(family->Expire(), 1u);
  // The next look for what has expired comes no later than that.
  family->WithLabels(Values{"idle"});
  clock.Advance(250'000'000);
  family->WithLabels(Values{"new"});
  EXPECT_EQ(family->Find(Values{"idle"}), nullptr);
}

TEST_F(FamilyTest, WhatCountsBeginsAnewWhereItComesBackAfterItsTime) {
  for (const InstrumentKind kind :
       {InstrumentKind::kCounter, InstrumentKind::kHistogram, InstrumentKind::kSummary, InstrumentKind::kGauge}) {
    FakeClock clock;
    FamilyDefinition definition = Counter({"a"});
    definition.kind = kind;
    if (kind == InstrumentKind::kHistogram) definition.bounds = {1, 2};
    definition.ttl_ns = 60'000'000'000;
    auto family = Make(definition);
    const auto held = family->WithLabels(Values{"held"});
    // The first word behind a counter's and a gauge's head; any word of the others.
    Word& word = kind == InstrumentKind::kHistogram ? held->histogram().classic.buckets[0]
                 : kind == InstrumentKind::kSummary ? held->summary().count
                                                    : held->record().cell[0];
    const auto record = [&] {
      held->Touch();
      word.fetch_add(1, std::memory_order_relaxed);
    };
    record();
    const uint64_t created = held->record().created_us.load(std::memory_order_relaxed);
    clock.Advance(59'999'999'999);
    record();
    EXPECT_EQ(word.load(std::memory_order_relaxed), 2u) << static_cast<int>(kind);
    EXPECT_EQ(held->record().created_us.load(std::memory_order_relaxed), created);
    clock.Advance(60'000'000'000);
    record();
    const bool counts = kind != InstrumentKind::kGauge;
    EXPECT_EQ(word.load(std::memory_order_relaxed), counts ? 1u : 3u) << static_cast<int>(kind);
    EXPECT_EQ(held->record().created_us.load(std::memory_order_relaxed) > created, counts);
    // Also where the family is gone.
    family = nullptr;
    clock.Advance(60'000'000'000);
    record();
    EXPECT_EQ(word.load(std::memory_order_relaxed), counts ? 1u : 4u);
  }
}

TEST_F(FamilyTest, BadDefinitionsAreRefused) {
  const auto refused = [&](FamilyDefinition definition) { return !store_.Create(std::move(definition)).ok(); };
  EXPECT_TRUE(refused(Counter({"a", "a"})));
  EXPECT_TRUE(refused(Counter({"__a"})));
  EXPECT_TRUE(refused(Counter({""})));
  EXPECT_TRUE(refused(Counter({"\xFF"})));
  FamilyDefinition definition = Counter({"le"});
  EXPECT_FALSE(refused(definition));
  definition.kind = InstrumentKind::kHistogram;
  definition.bounds = {1, 2};
  EXPECT_TRUE(refused(definition));
  definition.label_names = {};
  EXPECT_FALSE(refused(definition));
  definition.bounds = {2, 1};
  EXPECT_TRUE(refused(definition));
  definition = Counter({});
  definition.name = "";
  EXPECT_TRUE(refused(definition));
  definition = Counter({});
  definition.kind = InstrumentKind::kStateSet;
  EXPECT_TRUE(refused(definition));
}

TEST_F(FamilyTest, WithoutMemoryAFamilyIsRefusedAndASeriesFolds) {
  ASSERT_TRUE(segment_->SetBudget(segment_->used_bytes() + 8 * kCacheLineBytes).ok());
  // Eight lines: the directory's chunk alone takes more.
  EXPECT_FALSE(store_.Create(Counter({"a"})).ok());
  ASSERT_TRUE(segment_->SetBudget(1 << 20).ok());
  const auto family = Make(Counter({"a"}));
  ASSERT_TRUE(segment_->SetBudget(segment_->used_bytes()).ok());
  EXPECT_TRUE(family->WithLabels(Values{"x"})->is_overflow());
  EXPECT_EQ(series_budget_.series(), 0u);
}

TEST_F(FamilyTest, DefinitionsSurviveTheirBytes) {
  FamilyDefinition definition = Counter({"a", "caf\xC3\xA9"});
  definition.kind = InstrumentKind::kHistogram;
  definition.unit = "seconds";
  definition.bounds = {-1, 0, 0.1};
  definition.states = {"x", ""};
  definition.quantiles = {0.5, 0.99};
  definition.window_size = 7;
  definition.ttl_ns = 9;
  definition.exponential = true;
  definition.buckets.schema = -4;
  EXPECT_EQ(UnpackDefinition(PackDefinition(definition)), definition);
  EXPECT_EQ(UnpackDefinition("junk"), std::nullopt);
}

TEST_F(FamilyTest, ThreadsThatAskForTheSameSeriesGetTheSame) {
  const auto family = Make(Counter({"a"}));
  constexpr size_t kThreads = 4;
  const uint64_t rounds = Repetitions(5000);
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < rounds; ++i) {
      const std::string value = std::to_string(i % 20);
      family->WithLabels(Values{value})->counter().Increment<Writers::kConcurrent>(uint64_t{1});
    }
  });
  uint64_t total = 0;
  for (const auto& series : family->All()) total += series->counter().Integer();
  EXPECT_EQ(total, kThreads * rounds);
}

}  // namespace
}  // namespace toolvitals
