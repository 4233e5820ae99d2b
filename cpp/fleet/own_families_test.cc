// Families of one name in several registries of several processes, held against what was recorded into each.
// Floor: fleet.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/testing.h"
#include "collector/collector.h"
#include "fleet/baseline.h"
#include "fleet/retirement.h"
#include "snapshot/family_merger.h"
#include "snapshot/removals.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

FamilyDefinition Definition(const std::string& name) {
  FamilyDefinition definition;
  definition.name = name;
  definition.label_names = {"kind"};
  return definition;
}

class Process {
 public:
  Process() : collector_(*Collector::Create(CollectorOptions())) {}

  // Of another process's, as a forked child has it, or one of its own.
  std::shared_ptr<Family> Make(const std::string& name, bool is_shown, uint64_t identity = 0) {
    FamilyOptions options;
    options.identity = identity;
    auto family = *collector_->instruments().Create(Definition(name), options);
    family->Show(kDefaultRegistry, is_shown);
    families_.push_back(family);
    return family;
  }
  static void Count(Family& family, double amount, std::string_view kind = "a") {
    const std::string_view values[] = {kind};
    family.WithLabels(values)->counter().Increment<kAlone>(amount);
  }
  void Drop(const std::shared_ptr<Family>& family) { std::erase(families_, family); }
  const std::vector<std::shared_ptr<Family>>& families() const { return families_; }

  Member AsMember(MemberState state) const {
    Member member;
    member.id = id_;
    member.segment = &collector_->segment();
    member.state = state;
    return member;
  }

 private:
  const uint64_t id_ = NextMemberId();
  std::unique_ptr<Collector> collector_;
  std::vector<std::shared_ptr<Family>> families_;
};

std::map<uint64_t, double> SumsOf(const std::vector<Member>& members) {
  FamilyMerger merger;
  std::map<uint64_t, double> sums;
  for (const auto& [identity, family] : merger.ReadOwn(members, QuantileMethod::kExclusive)) {
    double& sum = sums[identity];
    for (const Number& value : family.values) sum += value.AsDouble();
  }
  return sums;
}

double SumOfAll(const std::vector<Member>& members) {
  FamilyMerger merger;
  std::vector<FamilySnapshot> families;
  merger.ReadAll(members, QuantileMethod::kExclusive, families);
  double sum = 0;
  for (const FamilySnapshot& family : families) {
    for (const Number& value : family.values) sum += value.AsDouble();
  }
  return sum;
}

std::unique_ptr<Retirement> Retire(const std::vector<Member>& members, const std::vector<Member>& others) {
  auto retired = *Retirement::Create(CollectorOptions());
  EXPECT_TRUE(retired->Add(members, others));
  return retired;
}

Member MemberOf(const Retirement& retired) {
  Member member;
  member.id = NextMemberId();
  member.segment = &retired.segment();
  member.state = MemberState::kRetired;
  return member;
}

TEST(OwnFamiliesTest, OfOneNameAreNotAddedUp) {
  Process own, child;
  const auto first = own.Make("jobs", false), second = own.Make("jobs", false), shown = own.Make("jobs", true);
  Process::Count(*first, 1);
  Process::Count(*second, 2);
  Process::Count(*shown, 4);
  Process::Count(*child.Make("jobs", false, first->identity()), 8);
  Process::Count(*child.Make("jobs", true, shown->identity()), 16);
  Process::Count(*child.Make("jobs", false), 32);
  const std::vector<Member> members = {own.AsMember(MemberState::kOwn), child.AsMember(MemberState::kDead)};
  const std::map<uint64_t, double> expected = {
      {first->identity(), 9}, {second->identity(), 2}, {shown->identity(), 20}};
  EXPECT_EQ(SumsOf(members), expected);
  EXPECT_EQ(SumOfAll(members), 63);
  // Taken in, it is the same.
  const auto retired = Retire({members[1]}, {members[0]});
  EXPECT_EQ(SumsOf({members[0], MemberOf(*retired)}), expected);
  EXPECT_EQ(SumOfAll({members[0], MemberOf(*retired)}), 63);
}

TEST(OwnFamiliesTest, WhatNobodyHasAnyMoreIsKeptAsOne) {
  Process own;
  std::unique_ptr<Retirement> retired;
  for (int i = 0; i < 20; ++i) {
    Process child;
    Process::Count(*child.Make("jobs", false), 1);
    std::vector<Member> ended = {child.AsMember(MemberState::kDead)};
    if (retired != nullptr) ended.insert(ended.begin(), MemberOf(*retired));
    auto next = Retire(ended, {own.AsMember(MemberState::kOwn)});
    retired = std::move(next);
  }
  EXPECT_EQ(SumOfAll({own.AsMember(MemberState::kOwn), MemberOf(*retired)}), 20);
  EXPECT_EQ(retired->segment().header().series.load(), 1u);
}

// Nobody can ask for it by its identity, so who removes series of the name removes them there, too.
TEST(OwnFamiliesTest, WhatNobodyHasAnyMoreCanBeRemovedByName) {
  Process own, child;
  const auto shown = own.Make("jobs", true), hidden = own.Make("jobs", false);
  Process::Count(*child.Make("jobs", false), 1);
  Process::Count(*child.Make("jobs", false, hidden->identity()), 2);
  const auto retired = Retire({child.AsMember(MemberState::kDead)}, {own.AsMember(MemberState::kOwn)});
  Removals removals;
  SeriesFilter filter;
  filter.family = "jobs";
  removals.Add(filter);
  Member member = MemberOf(*retired);
  member.removals = &removals;
  EXPECT_EQ(SumOfAll({own.AsMember(MemberState::kOwn), member}), 2);
}

// A family that its process took out of the default registry and goes on with, and a child that never did.
TEST(OwnFamiliesTest, AChildsPartFollowsIntoAnotherRegistry) {
  Process own, child;
  const auto family = own.Make("jobs", false);
  const auto theirs = child.Make("jobs", true, family->identity());
  Process::Count(*family, 1);
  Process::Count(*theirs, 2);
  Member member = child.AsMember(MemberState::kDead);
  EXPECT_EQ(SumsOf({own.AsMember(MemberState::kOwn), member}), (std::map<uint64_t, double>{{family->identity(), 3}}));
}

// In a directory the program may have been started twice: a name is then all that tells which family is which.
TEST(OwnFamiliesTest, OfAnotherOriginCountByNameWhereThatIsPlain) {
  Process own, another, child;
  const auto family = own.Make("jobs", false);
  Process::Count(*family, 1);
  Process::Count(*another.Make("jobs", false), 2);
  // Forked from the same process, and made there after that.
  Process::Count(*child.Make("jobs", false, LeftByTree(family->identity()) | 7), 4);
  std::vector<Member> members = {own.AsMember(MemberState::kOwn), another.AsMember(MemberState::kLive),
                                 child.AsMember(MemberState::kLive)};
  const auto sums = [&](double sum) { return std::map<uint64_t, double>{{family->identity(), sum}}; };
  EXPECT_EQ(SumsOf(members), sums(1));
  members.front().names_process = true;
  EXPECT_EQ(SumsOf(members), sums(3));
  // Those that have ended are told apart as well, as long as it matters.
  const auto retired = Retire({members[1], members[2]}, {members[0]});
  EXPECT_EQ(SumsOf({members[0], MemberOf(*retired)}), sums(3));
  const auto second = own.Make("jobs", false);
  EXPECT_EQ(SumsOf(members), (std::map<uint64_t, double>{{family->identity(), 1}, {second->identity(), 0}}));
}

TEST(OwnFamiliesTest, RemovalsAreOfTheFamilyThatIsMeant) {
  Process own, child;
  const auto first = own.Make("jobs", false), second = own.Make("jobs", false), shown = own.Make("jobs", true);
  for (const auto& family : {first, second, shown}) {
    Process::Count(*child.Make("jobs", family == shown, family->identity()), 1);
    Process::Count(*family, 10);
  }
  SeriesFilter filter;
  filter.family = "jobs";
  const auto sums = [&](uint64_t of_first, uint64_t of_shown) {
    return std::map<uint64_t, double>{
        {first->identity(), of_first}, {second->identity(), 11}, {shown->identity(), of_shown}};
  };
  Removals removals;
  Member dead = child.AsMember(MemberState::kDead);
  dead.removals = &removals;
  filter.identity = first->identity();
  removals.Add(filter);
  EXPECT_EQ(SumsOf({own.AsMember(MemberState::kOwn), dead}), sums(10, 11));
  filter.identity = 0;
  removals.Add(filter);
  EXPECT_EQ(SumsOf({own.AsMember(MemberState::kOwn), dead}), sums(10, 10));

  Member live = child.AsMember(MemberState::kLive);
  Baseline all(*live.segment, nullptr);
  EXPECT_TRUE(all.TakeSeries(filter));
  const auto before = *all.Make();
  live.baseline = before.get();
  EXPECT_EQ(SumsOf({own.AsMember(MemberState::kOwn), live}), sums(11, 10));
}

// One process, its children and theirs, in any order: what is recorded, made, dropped, forked, ended and taken in.
class Play {
 public:
  explicit Play(uint64_t seed) : random_(seed) {}

  void Run() {
    for (int step = 0; step < 60; ++step) {
      Step();
      const std::vector<Member> members = Members();
      EXPECT_EQ(SumsOf(members), Expected()) << "step " << step;
      EXPECT_EQ(SumOfAll(members), total_ - lost_) << "step " << step;
    }
  }

 private:
  static const char* NameOf(uint64_t number) { return number == 0 ? "jobs" : "others"; }

  void Step() {
    switch (random_.Below(6)) {
      case 0:
        if (own_.families().size() < 8) Note(*own_.Make(NameOf(random_.Below(2)), false));
        return;
      case 1:
        return Fork();
      case 2:
        return End();
      case 3:
        return TakeIn();
      case 4:
        return random_.Below(3) == 0 ? DropOne() : Record(own_);
      default:
        if (!children_.empty()) Record(*children_[random_.Below(children_.size())]);
    }
  }

  void Note(Family& family) { of_[family.identity()] = 0; }

  void Record(Process& process) {
    if (process.families().empty()) return;
    Family& family = *process.families()[random_.Below(process.families().size())];
    const double amount = 1 + static_cast<double>(random_.Below(9));
    Process::Count(family, amount, random_.Below(2) == 0 ? "a" : "b");
    of_[family.identity()] += amount;
    total_ += amount;
    recorded_[&process][family.identity()] += amount;
  }

  void Fork() {
    auto child = std::make_unique<Process>();
    for (const auto& family : own_.families()) child->Make(family->definition().name, false, family->identity());
    // And some that none but it has.
    for (uint64_t more = random_.Below(3); more > 0; --more) Note(*child->Make(NameOf(random_.Below(2)), false));
    children_.push_back(std::move(child));
  }

  void End() {
    if (children_.empty()) return;
    const size_t which = random_.Below(children_.size());
    ended_.push_back(std::move(children_[which]));
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  void TakeIn() {
    std::vector<Member> members, others = {own_.AsMember(MemberState::kOwn)};
    if (retired_ != nullptr) members.push_back(retired_member_);
    for (const auto& process : ended_) members.push_back(process->AsMember(MemberState::kDead));
    for (const auto& process : children_) others.push_back(process->AsMember(MemberState::kLive));
    auto next = Retire(members, others);
    retired_ = std::move(next);
    retired_member_ = MemberOf(*retired_);
    ended_.clear();
  }

  // What it recorded itself is gone with it; what others did is not.
  void DropOne() {
    if (own_.families().empty()) return;
    const auto family = own_.families()[random_.Below(own_.families().size())];
    lost_ += recorded_[&own_][family->identity()];
    own_.Drop(family);
  }

  std::vector<Member> Members() const {
    std::vector<Member> members = {own_.AsMember(MemberState::kOwn)};
    for (const auto& process : children_) members.push_back(process->AsMember(MemberState::kLive));
    for (const auto& process : ended_) members.push_back(process->AsMember(MemberState::kDead));
    if (retired_ != nullptr) members.push_back(retired_member_);
    return members;
  }

  std::map<uint64_t, double> Expected() const {
    std::map<uint64_t, double> expected;
    for (const auto& family : own_.families()) expected[family->identity()] = of_.at(family->identity());
    return expected;
  }

  Random random_;
  Process own_;
  std::vector<std::unique_ptr<Process>> children_, ended_;
  std::unique_ptr<Retirement> retired_;
  Member retired_member_;
  std::map<uint64_t, double> of_;
  std::map<const Process*, std::map<uint64_t, double>> recorded_;
  double total_ = 0, lost_ = 0;
};

TEST(OwnFamiliesTest, EachShowsWhatWasRecordedIntoItWhateverHappensAround) {
  for (uint64_t seed = 1; seed <= Repetitions(60); ++seed) {
    SCOPED_TRACE(seed);
    Play(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace toolvitals
