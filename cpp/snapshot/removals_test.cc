// What a removal takes, and what looks like it and stays. Floor: snapshot.
#include "snapshot/removals.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace toolvitals {
namespace {

SeriesFilter Filter(std::string family, LabelSet::Pairs labels) {
  SeriesFilter filter;
  filter.family = std::move(family);
  filter.labels = std::move(labels);
  return filter;
}

// A family of the registry that the endpoints show, or of another one.
class Record {
 public:
  explicit Record(uint64_t identity, bool is_shown = true) {
    record_.incarnation.store(identity);
    record_.shown.store(is_shown ? uint64_t{1} << kDefaultRegistry : 0);
  }
  operator const FamilyRecord&() const { return record_; }  // NOLINT(google-explicit-constructor)

 private:
  FamilyRecord record_ = {};
};

LabelSets Sets(const std::vector<LabelSet::Pairs>& all) {
  LabelSets sets;
  for (const LabelSet::Pairs& pairs : all) sets.push_back(std::make_shared<const LabelSet>(pairs));
  return sets;
}

TEST(RemovalsTest, TakeWhatHasAllOfTheLabels) {
  const LabelSets sets = Sets({{{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "3"}}, {{"a", "2"}, {"b", "2"}}});
  Removals removals;
  EXPECT_TRUE(removals.Kept("f", Record(1), sets).empty());
  EXPECT_EQ(removals.version(), 0u);
  removals.Add(Filter("f", {{"b", "3"}, {"a", "1"}}));
  EXPECT_EQ(removals.Kept("f", Record(1), sets), (std::vector<bool>{true, false, true}));
  EXPECT_TRUE(removals.Kept("g", Record(1), sets).empty());
  removals.Add(Filter("f", {{"b", "2"}}));
  EXPECT_EQ(removals.Kept("f", Record(1), sets), (std::vector<bool>{false, false, false}));
  EXPECT_FALSE(removals.TakesFamily("f"));
  EXPECT_EQ(removals.size(), 2u);
}

TEST(RemovalsTest, ValuesAreNoNamesAndNoOthersValues) {
  const LabelSets sets = Sets({{{"a", "1"}, {"b", "2"}}, {{"a", "12"}, {"b", ""}}, {{"b", "1"}}});
  Removals removals;
  removals.Add(Filter("f", {{"a", "1"}}));
  EXPECT_EQ(removals.Kept("f", Record(1), sets), (std::vector<bool>{false, true, true}));
}

TEST(RemovalsTest, WithoutLabelsAllSeriesGoAndTheFamilyStays) {
  Removals removals;
  removals.Add(Filter("f", {}));
  EXPECT_EQ(removals.Kept("f", Record(1), Sets({{}, {{"a", "1"}}})), (std::vector<bool>{false, false}));
  EXPECT_FALSE(removals.TakesFamily("f"));
}

TEST(RemovalsTest, AttributesAreMeantWithTheirTypesAndWithoutOthersBesideThem) {
  LabelSets sets;
  for (const Attributes& attributes :
       {Attributes{{"a", std::string("1")}}, {{"a", int64_t{1}}}, {{"a", std::string("1")}, {"b", true}}, {}}) {
    sets.push_back(std::make_shared<const LabelSet>(attributes, ""));
  }
  const auto without = [&](const SeriesFilter& filter) {
    Removals removals;
    removals.Add(filter);
    const std::vector<bool> kept = removals.Kept("f", Record(1), sets);
    for (size_t i = 0; i < sets.size(); ++i) EXPECT_EQ(filter.Matches(*sets[i]), !kept.empty() && !kept[i]) << i;
    return kept;
  };
  SeriesFilter filter = Filter("f", {{"a", PackValue(std::string("1"))}});
  filter.is_of_attributes = true;
  EXPECT_EQ(without(filter), (std::vector<bool>{false, true, true, true}));
  filter.labels = {{"a", PackValue(int64_t{1})}};
  EXPECT_EQ(without(filter), (std::vector<bool>{true, false, true, true}));
  filter.labels = {};
  EXPECT_EQ(without(filter), (std::vector<bool>{true, true, true, false}));
  // Labels are those of closed families; without any, all is meant.
  EXPECT_EQ(without(Filter("f", {{"a", "1"}})), std::vector<bool>());
  EXPECT_EQ(without(Filter("f", {})), (std::vector<bool>{false, false, false, false}));
}

TEST(RemovalsTest, AnUnregisteredFamilyGoesAsAWhole) {
  SeriesFilter filter = Filter("f", {});
  filter.is_unregistered = true;
  Removals removals;
  removals.Add(filter);
  EXPECT_TRUE(removals.TakesFamily("f"));
  EXPECT_FALSE(removals.TakesFamily("g"));
}

TEST(RemovalsTest, AreOfTheRegistryThatIsMeant) {
  const LabelSets sets = Sets({{{"a", "1"}}, {{"a", "2"}}});
  Removals removals;
  SeriesFilter filter = Filter("f", {{"a", "1"}});
  filter.identity = 7;
  removals.Add(filter);
  EXPECT_EQ(removals.Kept("f", Record(7, /*is_shown=*/false), sets), (std::vector<bool>{false, true}));
  EXPECT_TRUE(removals.Kept("f", Record(8, /*is_shown=*/false), sets).empty());
  EXPECT_TRUE(removals.Kept("f", Record(8), sets).empty());
  removals.Add(Filter("f", {{"a", "2"}}));
  EXPECT_TRUE(removals.Kept("f", Record(8, /*is_shown=*/false), sets).empty());
  EXPECT_EQ(removals.Kept("f", Record(8), sets), (std::vector<bool>{true, false}));
  // One that its process had in the default registry, and that is meant by itself.
  EXPECT_EQ(removals.Kept("f", Record(7), sets), (std::vector<bool>{false, false}));
}

TEST(RemovalsTest, VersionsAreNeverThoseOfOthers) {
  Removals one, another;
  one.Add(Filter("f", {}));
  another.Add(Filter("f", {}));
  const uint64_t before = one.version();
  EXPECT_NE(before, another.version());
  one.Add(Filter("f", {}));
  EXPECT_NE(one.version(), before);
}

}  // namespace
}  // namespace toolvitals
