// Several segments read as one, held against one that recorded everything; and what is left of those that have ended.
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
#include "snapshot/tool_reader.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

// A process: records tools, caches and instruments.
class Process {
 public:
  Process() : collector_(*Collector::Create(Options())) {
    const auto make = [&](InstrumentKind kind, const char* name) {
      FamilyDefinition definition;
      definition.kind = kind;
      definition.name = name;
      definition.label_names = {"label"};
      if (kind == InstrumentKind::kHistogram) {
        definition.bounds = {0.5, 2, 8};
        definition.exponential = true;
        definition.buckets.max_buckets = 10'000;
      }
      if (kind == InstrumentKind::kSummary) {
        definition.window_size = 1000;
        definition.quantiles = {0.25, 0.5, 0.999};
      }
      auto family = *collector_->instruments().Create(definition);
      family->Show(kDefaultRegistry, true);
      return family;
    };
    counter_ = make(InstrumentKind::kCounter, "counter");
    histogram_ = make(InstrumentKind::kHistogram, "histogram");
    summary_ = make(InstrumentKind::kSummary, "summary");
  }

  static CollectorOptions Options() {
    CollectorOptions options;
    options.window_size = 1000;
    return options;
  }

  // One record of some kind. Values are whole quarters, whose sums are exact in whatever order they are made.
  void Record(Random& random) {
    const double value = static_cast<double>(random.Below(64)) / 4;
    const std::string label = std::to_string(random.Below(3));
    const std::string_view labels[] = {label};
    ToolMetrics& tool = collector_->Tool("tool" + label);
    switch (random.Below(6)) {
      case 0:
        return tool.Record<kAlone>(tool.outcome(Outcome::kSuccess), value);
      case 1:
        return tool.Record<kAlone>(collector_->ErrorType(tool, "Error" + std::to_string(random.Below(3))), value);
      case 2:
        Add<kAlone>(collector_->Cache("cache" + label).cell().misses, 1);
        return;
      case 3:
        return counter_->WithLabels(labels)->counter().Increment<kAlone>(value);
      case 4:
        return histogram_->WithLabels(labels)->histogram().Observe<kAlone>(collector_->segment(),
                                                                           histogram_->bounds().BucketOf(value), value);
      default: {
        SummarySeriesCell& cell = summary_->WithLabels(labels)->summary();
        cell.Observe<kAlone>(value);
        cell.window.Record<kAlone>(*collector_->segment().At<RingRecord>(cell.window.ring.load()), value);
      }
    }
  }

  Member AsMember(uint64_t id, MemberState state = MemberState::kDead) const {
    Member member;
    member.id = id;
    member.segment = &collector_->segment();
    member.state = state;
    return member;
  }

  // The word that says which interpreter the process has.
  void HavePython(uint64_t version) { collector_->segment().header().python_version = version; }

 private:
  std::unique_ptr<Collector> collector_;
  std::shared_ptr<Family> counter_, histogram_, summary_;
};

// All that members show, as text that compares.
std::map<std::string, std::string> Show(const std::vector<Member>& members) {
  std::map<std::string, std::string> shown;
  ToolReader reader;
  FamilyMerger merger;
  std::vector<ToolSnapshot> tools;
  std::vector<CacheSnapshot> caches;
  std::vector<FamilySnapshot> families;
  reader.Read(members, QuantileMethod::kExclusive, tools, caches);
  merger.Read(members, QuantileMethod::kExclusive, families);
  const auto numbers = [](const auto& values) {
    std::string text;
    for (const auto& value : values) text += std::to_string(value) + " ";
    return text;
  };
  for (const ToolSnapshot& tool : tools) {
    std::string& text = shown["tool " + tool.name];
    text = numbers(tool.duration_buckets) + std::to_string(tool.successful_calls) + " " +
           std::to_string(tool.failed_calls) + " " + std::to_string(tool.total_latency_ms) + " ";
    for (const auto& [type, count] : tool.error_types) text += type + " " + std::to_string(count) + " ";
    text += std::to_string(tool.window_ms.count) + " " + std::to_string(tool.window_ms.mean) + " " +
            std::to_string(tool.window_ms.stddev) + " " + numbers(tool.window_ms.quantiles);
  }
  for (const CacheSnapshot& cache : caches) shown["cache " + cache.name] = std::to_string(cache.misses);
  for (const FamilySnapshot& family : families) {
    const size_t row = family.size() == 0 ? 0 : family.counts.size() / family.size();
    for (size_t i = 0; i < family.size(); ++i) {
      std::string& text = shown[family.info->name + " " + (*family.labels)[i]->text];
      if (!family.values.empty()) text += std::to_string(family.values[i].AsDouble()) + " ";
      for (size_t k = 0; k < row; ++k) text += std::to_string(family.counts[i * row + k]) + " ";
      if (!family.sums.empty()) text += std::to_string(family.sums[i]) + " ";
      if (!family.natives.empty()) {
        const NativeHistogram& native = *family.natives[i];
        text += "schema " + std::to_string(native.schema) + " zeros " + std::to_string(native.zero_count);
        for (size_t k = 0; k < native.positive.counts.size(); ++k) {
          if (native.positive.counts[k] == 0) continue;
          text += " " + std::to_string(native.positive.first_index + static_cast<int>(k)) + ":" +
                  std::to_string(native.positive.counts[k]);
        }
      }
      if (family.quantiles.empty()) continue;
      for (const QuantileValue& quantile : family.quantiles[i]) text += std::to_string(quantile.value) + " ";
    }
  }
  return shown;
}

// However records are spread over processes, and however those are put together, what is shown is the same.
TEST(MergeTest, ManyAreShownAsOneThatRecordedEverything) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Process one;
    std::vector<Process> many(1 + random.Below(5));
    for (int i = 0; i < 200; ++i) {
      const uint64_t record = random.Bits();
      Random same(record), again(record);
      one.Record(same);
      many[random.Below(many.size())].Record(again);
    }
    std::vector<Member> members;
    for (const Process& process : many) members.push_back(process.AsMember(members.size() + 2));
    const auto expected = Show({one.AsMember(2)});
    EXPECT_EQ(Show(members), expected);
    std::reverse(members.begin(), members.end());
    EXPECT_EQ(Show(members), expected);

    // Taken in, some first and the rest later.
    const size_t first = random.Below(members.size() + 1);
    const auto retired = *Retirement::Create(Process::Options());
    ASSERT_TRUE(retired->Add({members.data(), first}, {}));
    std::vector<Member> rest(members.begin() + static_cast<std::ptrdiff_t>(first), members.end());
    Member earlier;
    earlier.id = 100;
    earlier.segment = &retired->segment();
    earlier.state = MemberState::kRetired;
    rest.push_back(earlier);
    EXPECT_EQ(Show(rest), expected);
    const auto all = *Retirement::Create(Process::Options());
    std::rotate(rest.begin(), rest.end() - 1, rest.end());
    ASSERT_TRUE(all->Add(rest, {}));
    Member everything = earlier;
    everything.segment = &all->segment();
    EXPECT_EQ(Show({everything}), expected);
    EXPECT_EQ(all->segment().header().retired_processes.load(), members.size());
  }
}

// Where nobody lives, the one that ended last says which interpreter it was; programs without one say nothing.
TEST(MergeTest, TheLastInterpreterIsKept) {
  Process first, second, native;
  first.HavePython(1);
  second.HavePython(2);
  const std::vector<Member> members = {first.AsMember(2), second.AsMember(3), native.AsMember(4)};
  const auto retired = *Retirement::Create(Process::Options());
  ASSERT_TRUE(retired->Add(members, {}));
  EXPECT_EQ(retired->segment().header().python_version.load(), 2u);
}

// What was there at a baseline counts no more, and what comes does, as if it had been recorded alone.
TEST(MergeTest, ABaselineTakesAwayWhatWasThere) {
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Process process, fresh;
    for (int i = 0; i < 100; ++i) process.Record(random);
    Member member = process.AsMember(2);
    Baseline baseline(*member.segment, nullptr);
    baseline.TakeAll();
    const auto before = *baseline.Make();
    member.baseline = before.get();
    for (int i = 0; i < 60; ++i) {
      const uint64_t record = random.Bits();
      Random same(record), again(record);
      process.Record(same);
      fresh.Record(again);
    }
    const auto shown = Show({member});
    for (const auto& [name, text] : Show({fresh.AsMember(2)})) {
      const auto found = shown.find(name);
      ASSERT_NE(found, shown.end()) << name;
      EXPECT_EQ(found->second, text) << name;
    }
    // Taken in, it is the same again.
    const auto retired = *Retirement::Create(Process::Options());
    ASSERT_TRUE(retired->Add({&member, 1}, {}));
    Member left;
    left.id = 3;
    left.segment = &retired->segment();
    left.state = MemberState::kRetired;
    EXPECT_EQ(Show({left}), shown);
  }
}

}  // namespace
}  // namespace toolvitals
