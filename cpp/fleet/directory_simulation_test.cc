// The protocol of the shared directory, simulated: processes record, take in what has ended, and read, in every order
// that a few thousand seeds come up with, and are killed at any step. What was recorded counts, once, for every reader,
// at every moment.
// Floor: fleet.
//
// TOOLVITALS_SIMULATION_SEEDS=n runs so many seeds; TOOLVITALS_SIMULATION_SEED=n runs that one again.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/testing.h"
#include "collector/collector.h"
#include "fleet/directory_fleet.h"
#include "fleet/simulation.h"
#include "snapshot/family_merger.h"
#include "snapshot/tool_reader.h"

namespace toolvitals {
namespace {

constexpr uint64_t kSeeds = 500;
constexpr size_t kWorkers = 5;
constexpr size_t kTakers = 2;
constexpr size_t kReaders = 2;
constexpr size_t kSeries = 3;
constexpr Writers kAlone = Writers::kSerialized;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::stoull(text);
}

CollectorOptions SmallOptions() {
  CollectorOptions options;
  options.window_size = 8;
  options.memory_limit_mb = 1;
  return options;
}

// What was recorded, as those know it who did.
struct Truth {
  uint64_t calls = 0;
  uint64_t hits = 0;
  std::array<uint64_t, kSeries> increments = {};  // of each series
};

// Each number, of three, does what is said of it.
void ForEachNumber(const Truth& least, const Truth& seen, const Truth& most,
                   const std::function<void(uint64_t least, uint64_t seen, uint64_t most)>& check) {
  check(least.calls, seen.calls, most.calls);
  check(least.hits, seen.hits, most.hits);
  for (size_t i = 0; i < kSeries; ++i) check(least.increments[i], seen.increments[i], most.increments[i]);
}

// What one reader sees.
class Reader {
 public:
  explicit Reader(DirectoryFleet& fleet) : fleet_(fleet) {}

  Truth Read() {
    Truth seen;
    const std::vector<Member>& members = fleet_.Look().members;
    std::vector<ToolSnapshot> tools;
    std::vector<CacheSnapshot> caches;
    std::vector<FamilySnapshot> families;
    tools_.Read(members, QuantileMethod::kExclusive, tools, caches);
    families_.Read(members, QuantileMethod::kExclusive, families);
    for (const ToolSnapshot& tool : tools) {
      seen.calls += tool.total_calls();
      uint64_t bucketed = 0;
      for (const uint64_t bucket : tool.duration_buckets) bucketed += bucket;
      EXPECT_EQ(bucketed, tool.total_calls());
    }
    for (const CacheSnapshot& cache : caches) seen.hits += cache.hits;
    for (const FamilySnapshot& family : families) {
      for (size_t i = 0; i < family.size(); ++i) {
        seen.increments[std::stoull((*family.labels)[i]->pairs.front().second)] += family.values[i].whole;
      }
    }
    return seen;
  }

 private:
  DirectoryFleet& fleet_;
  ToolReader tools_;
  FamilyMerger families_;
};

// Who is there beside the workers and those who take in.
enum class Cast { kReaders, kResetters, kRemovers };

class Service {
 public:
  Service(uint64_t seed, Cast cast) : path_(folder_.path() + "/run"), simulation_(seed, /*mortality=*/60) {
    SegmentDirectory::Open(path_).IgnoreError();
    for (size_t i = 0; i < kWorkers; ++i) simulation_.Add(true, [this](auto& process) { Work(process); });
    for (size_t i = 0; i < kTakers; ++i) simulation_.Add(true, [this](auto& process) { TakeIn(process); });
    if (cast == Cast::kResetters) {
      simulation_.Add(true, [this](auto& process) { Reset(process); });
    } else if (cast == Cast::kRemovers) {
      simulation_.Add(true, [this](auto& process) { Remove(process); });
    } else {
      for (size_t i = 0; i < kReaders; ++i) simulation_.Add(false, [this](auto& process) { Watch(process); });
    }
  }

  void Run() {
    simulation_.Run();
    // The last one tidies up, undisturbed.
    DirectoryFleet fleet(*SegmentDirectory::Open(path_), {nullptr, "", SmallOptions()});
    const Truth seen = Reader(fleet).Read();
    const auto expect_between = [](uint64_t least, uint64_t value, uint64_t most) {
      EXPECT_GE(value, least);
      EXPECT_LE(value, most);
    };
    ForEachNumber(Without(forgotten_at_most_), seen, Without(forgotten_at_least_), expect_between);
    fleet.TakeIn();
    // Taken in, it is the same; and where something was removed since, what is left is when more was taken in.
    const Truth again = Reader(fleet).Read();
    ForEachNumber(seen, again, seen, expect_between);
    {
      const auto last = *Collector::Create(SmallOptions());
      EXPECT_TRUE(last->Share(*SegmentDirectory::Open(path_)).ok());
    }
    fleet.TakeIn();
    const Truth in_the_end = Reader(fleet).Read();
    ForEachNumber(seen, in_the_end, seen, expect_between);
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator(path_)) files.push_back(file.path().filename());
    EXPECT_LE(files.size(), 1u) << files.front() << " and " << files.back();
  }

  uint64_t kills() const { return simulation_.kills(); }
  uint64_t steps() const { return simulation_.steps(); }

 private:
  // What was recorded, and not forgotten.
  Truth Without(const Truth& forgotten) const {
    Truth left = truth_;
    left.calls -= forgotten.calls;
    left.hits -= forgotten.hits;
    for (size_t i = 0; i < kSeries; ++i) left.increments[i] -= forgotten.increments[i];
    return left;
  }

  std::shared_ptr<SegmentDirectory> OpenAs(Simulation::Process& process) {
    return *SegmentDirectory::Open(path_, [&process](std::string_view) { process.Step(); });
  }

  // Some processes one after the other, each with some records.
  void Work(Simulation::Process& process) {
    for (uint64_t lives = 1 + process.random().Below(3); lives > 0; --lives) {
      const auto collector = *Collector::Create(SmallOptions());
      ToolMetrics& tool = collector->Tool("tool" + std::to_string(process.random().Below(3)));
      FamilyDefinition definition;
      definition.name = "increments";
      definition.label_names = {"worker"};
      const auto family = *collector->instruments().Create(definition);
      family->Show(kDefaultRegistry, true);
      const uint64_t place = process.random().Below(kSeries);
      const std::string value = std::to_string(place);
      const auto series = family->WithLabels(std::vector<std::string_view>{value});
      // A process that ends takes nothing back; nobody touches them again.
      static auto* const buried = new std::vector<std::shared_ptr<void>>;
      buried->push_back(family);
      buried->push_back(series);
      // Who is not shared yet, and never will be, was not recorded.
      if (!collector->Share(OpenAs(process)).ok()) continue;
      for (uint64_t records = process.random().Below(6); records > 0; --records) {
        tool.Record<kAlone>(tool.outcome(Outcome::kSuccess), 1.0);
        ++truth_.calls;
        process.Step();
        series->counter().Increment<kAlone>();
        ++truth_.increments[place];
        Add<kAlone>(collector->Cache("cache").cell().hits, 1);
        ++truth_.hits;
        process.Step();
      }
    }
  }

  void TakeIn(Simulation::Process& process) {
    for (uint64_t lives = 1 + process.random().Below(3); lives > 0; --lives) {
      DirectoryFleet fleet(OpenAs(process), {nullptr, "", SmallOptions()});
      for (uint64_t rounds = process.random().Below(4); rounds > 0; --rounds) {
        fleet.TakeIn();
        process.Step();
      }
    }
  }

  // Resets some times. What was recorded before one begins that comes to its end counts no more; what is recorded after
  // one has ended, or was killed, counts.
  void Reset(Simulation::Process& process) {
    DirectoryFleet fleet(OpenAs(process), {nullptr, "", SmallOptions()});
    for (uint64_t rounds = 1 + process.random().Below(3); rounds > 0; --rounds) {
      for (uint64_t steps = process.random().Below(40); steps > 0; --steps) process.Step();
      const Truth before = truth_;
      try {
        if (fleet.Forget(nullptr)) forgotten_at_least_ = before;
      } catch (const Simulation::Killed&) {
        forgotten_at_most_ = truth_;
        throw;
      }
      forgotten_at_most_ = truth_;
    }
  }

  // The same of one series, or of all; nothing else is forgotten.
  void Remove(Simulation::Process& process) {
    DirectoryFleet fleet(OpenAs(process), {nullptr, "", SmallOptions()});
    for (uint64_t rounds = 1 + process.random().Below(6); rounds > 0; --rounds) {
      for (uint64_t steps = process.random().Below(20); steps > 0; --steps) process.Step();
      const uint64_t drawn = process.random().Below(kSeries + 1);
      SeriesFilter filter;
      filter.family = "increments";
      if (drawn < kSeries) filter.labels = {{"worker", std::to_string(drawn)}};
      const auto forget = [&](Truth& forgotten, const Truth& then) {
        for (size_t i = 0; i < kSeries; ++i) {
          if (drawn == kSeries || drawn == i) forgotten.increments[i] = then.increments[i];
        }
      };
      const Truth before = truth_;
      try {
        if (fleet.Forget(&filter)) forget(forgotten_at_least_, before);
      } catch (const Simulation::Killed&) {
        forget(forgotten_at_most_, truth_);
        throw;
      }
      forget(forgotten_at_most_, truth_);
    }
  }

  void Watch(Simulation::Process& process) {
    // Some readers take in what they find, some do not.
    DirectoryFleet::Options options;
    if (process.random().Below(2) == 0) options.retirement = SmallOptions();
    DirectoryFleet fleet(OpenAs(process), options);
    Reader reader(fleet);
    Truth last;
    for (uint64_t rounds = 3 + process.random().Below(6); rounds > 0; --rounds) {
      const Truth before = truth_;
      const Truth seen = reader.Read();
      const auto expect_between = [](uint64_t least, uint64_t value, uint64_t most) {
        EXPECT_GE(value, least);
        EXPECT_LE(value, most);
      };
      ForEachNumber(before, seen, truth_, expect_between);
      ForEachNumber(last, seen, truth_, expect_between);
      last = seen;
      process.Step();
    }
  }

  TemporaryFolder folder_;
  const std::string path_;
  Truth truth_;
  Truth forgotten_at_least_, forgotten_at_most_;
  Simulation simulation_;
};

void RunSeeds(Cast cast, const std::function<void(const std::string& name, uint64_t value)>& record) {
  const uint64_t only = FromEnvironment("TOOLVITALS_SIMULATION_SEED", 0);
  const uint64_t seeds = FromEnvironment("TOOLVITALS_SIMULATION_SEEDS", Repetitions(kSeeds));
  uint64_t kills = 0, steps = 0;
  for (uint64_t seed = only == 0 ? 1 : only; seed <= (only == 0 ? seeds : only); ++seed) {
    SCOPED_TRACE("TOOLVITALS_SIMULATION_SEED=" + std::to_string(seed));
    Service service(seed, cast);
    service.Run();
    kills += service.kills();
    steps += service.steps();
    if (::testing::Test::HasFailure()) break;
  }
  record("kills", kills);
  record("steps", steps);
}

TEST(DirectorySimulationTest, WhatWasRecordedCountsOnceWhoeverIsKilledWhen) {
  RunSeeds(Cast::kReaders, [](const auto& name, uint64_t value) { RecordProperty(name, std::to_string(value)); });
}

TEST(DirectorySimulationTest, AResetForgetsWhatWasBeforeAndNothingElse) {
  RunSeeds(Cast::kResetters, [](const auto& name, uint64_t value) { RecordProperty(name, std::to_string(value)); });
}

TEST(DirectorySimulationTest, ARemovalForgetsItsSeriesAndNothingElse) {
  RunSeeds(Cast::kRemovers, [](const auto& name, uint64_t value) { RecordProperty(name, std::to_string(value)); });
}

}  // namespace
}  // namespace toolvitals
