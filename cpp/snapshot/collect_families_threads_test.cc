// Readers beside recorders, and beside series and families that come and go: whatever a snapshot shows was so.
// Floor: snapshot.
#include "snapshot/collect_families.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/testing.h"
#include "snapshot/instrument_fixture.h"

namespace toolvitals {
namespace {

constexpr auto kConcurrent = Writers::kConcurrent;

// Each series counts in units of its own, so that a count that is shown under another's labels is noticed.
uint64_t UnitOf(uint64_t series) { return 1'000'003 + 2 * series; }

class CollectFamiliesThreadsTest : public InstrumentFixture {
 protected:
  static uint64_t SeriesOf(const FamilySnapshot& family, size_t i) {
    uint64_t series = 0;
    EXPECT_TRUE(absl::SimpleAtoi((*family.labels)[i]->pairs.at(0).second, &series));
    return series;
  }

  // Calls `read` until every one of `writers` calls of `write` is over; at least once in every thread.
  template <typename Write, typename ReadOnce>
  static void WriteAndRead(size_t writers, size_t readers, const Write& write, const ReadOnce& read) {
    std::atomic<size_t> writing{writers};
    RunThreads(writers + readers, [&](size_t thread) {
      if (thread < writers) {
        write(thread);
        writing.fetch_sub(1, std::memory_order_release);
        return;
      }
      for (bool last = false; !last && !testing::Test::HasFailure();) {
        last = writing.load(std::memory_order_acquire) == 0;
        read(thread - writers);
      }
    });
  }
};

// Series 0 to kKept-1 stay; above them, each churning thread has a few that it makes and removes without end.
TEST_F(CollectFamiliesThreadsTest, SeriesThatStayAreInEverySnapshotWithTheirOwnCounts) {
  constexpr uint64_t kKept = 8, kRecorders = 2, kChurners = 2, kReaders = 2, kOwn = 4;
  const auto family = Make(Define(InstrumentKind::kCounter, "c", {"series"}));
  std::array<std::atomic<uint64_t>, kKept> started{}, finished{};
  const auto increment = [&](Series& series, uint64_t number) {
    series.counter().Increment<kConcurrent>(UnitOf(number));
  };
  // Kept series stand between others, so that the list changes before and behind each of them.
  for (uint64_t i = 0; i < kKept; ++i) {
    family->WithLabels(Values{absl::StrCat(i)});
    family->WithLabels(Values{absl::StrCat(1000 + i)});
  }
  std::array<std::unique_ptr<FamilyReader>, kReaders> readers;
  for (auto& reader : readers) reader = std::make_unique<FamilyReader>(*segment_, kDefaultRegistry);
  std::array<std::array<uint64_t, kKept>, kReaders> last{};

  WriteAndRead(
      kRecorders + kChurners, kReaders,
      [&](size_t thread) {
        Random random(thread);
        if (thread < kRecorders) {
          for (uint64_t i = 0; i < Repetitions(200'000); ++i) {
            const uint64_t number = random.Below(kKept);
            started[number].fetch_add(1);
            increment(*family->WithLabels(Values{absl::StrCat(number)}), number);
            finished[number].fetch_add(1);
          }
          return;
        }
        std::vector<std::pair<uint64_t, std::shared_ptr<Series>>> held;
        for (uint64_t i = 0; i < Repetitions(100'000); ++i) {
          const uint64_t number = 1000 + (thread - kRecorders) * kOwn + random.Below(kOwn);
          const std::string text = absl::StrCat(number);
          if (random.Below(2) == 0) {
            const auto series = family->WithLabels(Values{text});
            increment(*series, number);
            if (random.Below(4) == 0) held.emplace_back(number, series);
          } else {
            family->Remove(Values{text});
          }
          // What was removed and is still held is recorded into, and let go of some time later.
          if (!held.empty()) increment(*held.back().second, held.back().first);
          if (held.size() > 3) held.erase(held.begin());
        }
      },
      [&](size_t reader) {
        std::array<uint64_t, kKept> at_least{};
        for (size_t i = 0; i < kKept; ++i) at_least[i] = finished[i].load();
        const auto families = Read(*readers[reader]);
        ASSERT_EQ(families.size(), 1u);
        const FamilySnapshot& read = families[0];
        ASSERT_EQ(read.values.size(), read.size());
        ASSERT_EQ(read.created_us.size(), read.size());
        std::set<uint64_t> seen;
        for (size_t i = 0; i < read.size(); ++i) {
          const uint64_t number = SeriesOf(read, i);
          ASSERT_TRUE(seen.insert(number).second) << number << " is there twice";
          ASSERT_EQ(read.values[i].whole % UnitOf(number), 0u) << number;
          if (number >= kKept) continue;
          const uint64_t count = read.values[i].whole / UnitOf(number);
          ASSERT_GE(count, at_least[number]);
          ASSERT_GE(count, last[reader][number]);
          ASSERT_LE(count, started[number].load());
          last[reader][number] = count;
        }
        for (uint64_t number = 0; number < kKept; ++number) ASSERT_TRUE(seen.contains(number)) << number;
      });
  for (uint64_t number = 0; number < kKept; ++number) {
    EXPECT_EQ(family->WithLabels(Values{absl::StrCat(number)})->counter().Integer(),
              finished[number].load() * UnitOf(number));
  }
}

// Series take turns to go and to come back at the end of the list, so that each stands between others whose memory is
// used again at once. Whoever was there all the time that a reading took is in it.
TEST_F(CollectFamiliesThreadsTest, NoSeriesIsSkippedWhereItsNeighboursGo) {
  constexpr uint64_t kSeries = 24, kReaders = 2;
  const auto family = Make(Define(InstrumentKind::kGauge, "g", {"series"}));
  std::array<std::atomic<uint64_t>, kSeries> turns{};  // odd while the series is away
  for (uint64_t i = 0; i < kSeries; ++i) family->WithLabels(Values{absl::StrCat(i)});
  std::array<std::unique_ptr<FamilyReader>, kReaders> readers;
  for (auto& reader : readers) reader = std::make_unique<FamilyReader>(*segment_, kDefaultRegistry);

  WriteAndRead(
      1, kReaders,
      [&](size_t) {
        Random random(1);
        for (uint64_t i = 0; i < Repetitions(200'000); ++i) {
          const uint64_t number = random.Below(kSeries);
          const std::string text = absl::StrCat(number);
          turns[number].fetch_add(1);
          family->Remove(Values{text});
          if (random.Below(2) == 0) family->WithLabels(Values{absl::StrCat(number + kSeries)});
          family->WithLabels(Values{text})->gauge().Set(static_cast<double>(number));
          family->Remove(Values{absl::StrCat(random.Below(kSeries) + kSeries)});
          turns[number].fetch_add(1);
        }
      },
      [&](size_t reader) {
        std::array<uint64_t, kSeries> before{};
        for (size_t i = 0; i < kSeries; ++i) before[i] = turns[i].load();
        const auto families = Read(*readers[reader]);
        ASSERT_EQ(families.size(), 1u);
        std::set<uint64_t> seen;
        for (size_t i = 0; i < families[0].size(); ++i) {
          const uint64_t number = SeriesOf(families[0], i);
          ASSERT_TRUE(seen.insert(number).second) << number << " is there twice";
          const double value = families[0].values[i].AsDouble();
          ASSERT_TRUE(value == 0 || value == static_cast<double>(number)) << number << " " << value;
        }
        for (uint64_t number = 0; number < kSeries; ++number) {
          const bool stayed = before[number] % 2 == 0 && turns[number].load() == before[number];
          ASSERT_TRUE(!stayed || seen.contains(number)) << number;
        }
      });
}

// Histograms with all that hangs on them, whose memory texts of any length take over.
TEST_F(CollectFamiliesThreadsTest, HistogramsWhoseMemoryIsUsedAgainAreReadWhole) {
  constexpr uint64_t kChurners = 2, kReaders = 2, kOwn = 4;
  FamilyDefinition definition = Define(InstrumentKind::kHistogram, "h", {"series"});
  definition.exponential = true;
  definition.buckets.schema = 8;
  for (int i = 2; i < 24; ++i) definition.bounds.push_back(10.0 * i);
  const auto histogram = Make(definition);
  const auto texts = Make(Define(InstrumentKind::kInfo, "texts", {"text"}));
  std::array<std::unique_ptr<FamilyReader>, kReaders> readers;
  for (auto& reader : readers) reader = std::make_unique<FamilyReader>(*segment_, kDefaultRegistry);
  const std::string stay = absl::StrCat(1'000'000);
  const auto kept = histogram->WithLabels(Values{stay});

  WriteAndRead(
      kChurners, kReaders,
      [&](size_t thread) {
        Random random(thread);
        for (uint64_t i = 0; i < Repetitions(30'000); ++i) {
          const uint64_t number = 1 + thread * kOwn + random.Below(kOwn);
          const std::string text = absl::StrCat(number);
          {
            const auto series = histogram->WithLabels(Values{text});
            for (uint64_t value = number; value < 200'000; value *= 40) {
              const auto observed = static_cast<double>(value);
              const size_t bucket = histogram->bounds().BucketOf(observed);
              series->histogram().Observe<kConcurrent>(*segment_, bucket, observed);
              histogram->KeepExemplar(*series, bucket, Values{"series", text}, observed);
            }
          }
          histogram->Remove(Values{text});
          // Bytes that are wild as offsets and as counts, in blocks of every size that was given back.
          std::string wild(random.Below(700), '\0');
          for (char& c : wild) c = static_cast<char>('a' + random.Below(26));
          texts->WithLabels(Values{wild});
          texts->Remove(Values{wild});
          kept->histogram().Observe<kConcurrent>(*segment_, 0, 1);
        }
      },
      [&](size_t reader) {
        for (const FamilySnapshot& read : Read(*readers[reader])) {
          if (read.info->name != "h") continue;
          const size_t buckets = read.info->bounds.size() + 1;
          ASSERT_EQ(read.counts.size(), read.size() * buckets);
          ASSERT_EQ(read.sums.size(), read.size());
          ASSERT_EQ(read.natives.size(), read.size());
          bool found = false;
          for (size_t i = 0; i < read.size(); ++i) {
            uint64_t count = 0;
            for (size_t bucket = 0; bucket < buckets; ++bucket) count += read.counts[i * buckets + bucket];
            ASSERT_NE(read.natives[i], nullptr);
            ASSERT_GE(read.natives[i]->total(), count);
            found = found || SeriesOf(read, i) == 1'000'000;
          }
          ASSERT_TRUE(found);
          for (const auto& placed : read.exemplars) {
            ASSERT_LT(placed.series, read.size());
            ASSERT_EQ(placed.exemplar.labels.size(), 1u);
            ASSERT_EQ(placed.exemplar.labels[0].first, "series");
            ASSERT_EQ(placed.exemplar.labels[0].second, absl::StrCat(SeriesOf(read, placed.series)));
            ASSERT_EQ(placed.bucket, histogram->bounds().BucketOf(placed.exemplar.value));
          }
        }
      });
  EXPECT_EQ(kept->histogram().classic.Sum(), static_cast<double>(kChurners * Repetitions(30'000)));
}

// Every family says in its name what it is, and families of every kind take turns in the same memory.
TEST_F(CollectFamiliesThreadsTest, FamiliesThatComeAndGoAreNeverMixed) {
  constexpr uint64_t kMakers = 2, kReaders = 2;
  std::array<std::unique_ptr<FamilyReader>, kReaders> readers;
  for (auto& reader : readers) reader = std::make_unique<FamilyReader>(*segment_, kDefaultRegistry);

  WriteAndRead(
      kMakers, kReaders,
      [&](size_t thread) {
        Random random(thread);
        std::vector<std::shared_ptr<Family>> families;
        std::vector<std::shared_ptr<Series>> held;
        for (uint64_t i = 0; i < Repetitions(20'000); ++i) {
          const auto kind = static_cast<InstrumentKind>(1 + random.Below(6));
          const std::string name = absl::StrCat("kind", static_cast<uint64_t>(kind));
          FamilyDefinition definition = Define(kind, name, {absl::StrCat("label_", name)});
          definition.help = std::string(random.Below(300), 'h');
          if (kind == InstrumentKind::kHistogram) definition.exponential = true;
          if (kind == InstrumentKind::kSummary) {
            definition.window_size = 100;
            definition.quantiles = {0.5};
          }
          FamilyOptions options;
          options.max_series = 1;
          const auto family = Make(definition, options);
          ASSERT_NE(family, nullptr);
          for (const char* value : {"own", "folded"}) {
            const auto series = family->WithLabels(Values{value});
            series->Touch();
            switch (kind) {
              case InstrumentKind::kCounter:
                series->counter().Increment<kConcurrent>(uint64_t{7});
                break;
              case InstrumentKind::kGauge:
                series->gauge().Set(7);
                break;
              case InstrumentKind::kHistogram:
                series->histogram().Observe<kConcurrent>(*segment_, 1, 7);
                break;
              case InstrumentKind::kSummary:
                series->summary().Observe<kConcurrent>(7);
                series->summary().window.Record<kConcurrent>(
                    *segment_->At<RingRecord>(series->summary().window.ring.load(std::memory_order_relaxed)), 7);
                break;
              case InstrumentKind::kInfo:
                family->SetFacts(*series, Values{"fact", value});
                break;
              default:
                series->state_set().state.store(1, std::memory_order_relaxed);
                break;
            }
            held.push_back(series);
          }
          families.push_back(family);
          if (families.size() > random.Below(6)) families.erase(families.begin());
          if (held.size() > 6) held.erase(held.begin(), held.begin() + 3);
          held.front()->Touch();
        }
      },
      [&](size_t reader) {
        for (const FamilySnapshot& read : Read(*readers[reader])) {
          const auto own = std::pair(absl::StrCat("label_", read.info->name), std::string("own"));
          const auto folded = std::pair(std::string("otel_metric_overflow"), std::string("true"));
          for (size_t i = 0; i < read.size(); ++i) {
            const auto& pairs = (*read.labels)[i]->pairs;
            ASSERT_FALSE(pairs.empty());
            ASSERT_TRUE(pairs[0] == own || pairs[0] == folded) << pairs[0].first << " " << pairs[0].second;
          }
          const std::map<std::string, FamilyType> types = {
              {"kind1", FamilyType::kCounter}, {"kind2", FamilyType::kGauge}, {"kind3", FamilyType::kHistogram},
              {"kind4", FamilyType::kSummary}, {"kind5", FamilyType::kInfo},  {"kind6", FamilyType::kStateSet}};
          ASSERT_EQ(types.at(read.info->name), read.info->type);
          for (const Number& value : read.values) {
            // A gauge and a counter of 7 or not recorded yet, a state of 0 or 1.
            ASSERT_TRUE(value.AsDouble() == 0 || value.AsDouble() == 7 ||
                        (value.AsDouble() == 1 && read.info->type == FamilyType::kStateSet));
          }
          for (const uint64_t count : read.counts) ASSERT_LE(count, 1u);
          for (const double sum : read.sums) ASSERT_TRUE(sum == 0 || sum == 7) << sum;
        }
        for (const auto& [name, count] : readers[reader]->ReadOverflowed()) {
          ASSERT_TRUE(name.starts_with("kind")) << name;
          ASSERT_GT(count, 0u);
        }
      });
  FamilyReader reader(*segment_, kDefaultRegistry);
  EXPECT_TRUE(Read(reader).empty());
  EXPECT_TRUE(reader.ReadOverflowed().empty());
  EXPECT_EQ(series_budget_.series(), 0u);
}

TEST_F(CollectFamiliesThreadsTest, FactsAndWindowsAndStatesAreOfOneInstant) {
  constexpr uint64_t kWriters = 2, kReaders = 2;
  const auto info = Make(Define(InstrumentKind::kInfo, "info", {"l"}));
  const auto states = Make(Define(InstrumentKind::kStateSet, "states", {"l"}));
  FamilyDefinition definition = Define(InstrumentKind::kSummary, "summary", {"l"});
  definition.window_size = 64;
  definition.quantiles = {0.01, 0.99};
  const auto summary = Make(definition);
  std::array<std::unique_ptr<FamilyReader>, kReaders> readers;
  for (auto& reader : readers) reader = std::make_unique<FamilyReader>(*segment_, kDefaultRegistry);
  const auto about = info->WithLabels(Values{"x"});
  const auto state = states->WithLabels(Values{"x"});
  const auto sizes = summary->WithLabels(Values{"x"});

  WriteAndRead(
      kWriters, kReaders,
      [&](size_t thread) {
        Random random(thread);
        RingRecord& ring = *segment_->At<RingRecord>(sizes->summary().window.ring.load(std::memory_order_relaxed));
        for (uint64_t i = 0; i < Repetitions(50'000); ++i) {
          const std::string fact(random.Below(300), static_cast<char>('a' + random.Below(26)));
          ASSERT_TRUE(info->SetFacts(*about, Values{"a", fact, "b", fact}));
          state->state_set().state.store(random.Below(3), std::memory_order_relaxed);
          sizes->summary().Observe<kConcurrent>(5);
          sizes->summary().window.Record<kConcurrent>(ring, 5);
        }
      },
      [&](size_t reader) {
        const auto families = Read(*readers[reader]);
        ASSERT_EQ(families.size(), 3u);
        const auto& facts = (*families[0].labels)[0]->pairs;
        ASSERT_TRUE(facts.size() == 1 || facts.size() == 3) << facts.size();
        if (facts.size() == 3) {
          ASSERT_EQ(facts[1].first, "a");
          ASSERT_EQ(facts[2].first, "b");
          ASSERT_EQ(facts[1].second, facts[2].second);
          ASSERT_EQ(facts[1].second, std::string(facts[1].second.size(), facts[1].second[0]));
        }
        uint64_t holding = 0;
        for (const Number& value : families[1].values) holding += value.whole;
        ASSERT_EQ(holding, 1u);
        ASSERT_LE(static_cast<double>(families[2].counts[0]) * 5, static_cast<double>(kWriters) * 250'000);
        for (const QuantileValue& quantile : families[2].quantiles[0]) {
          ASSERT_TRUE(quantile.value == 5 || quantile.value != quantile.value) << quantile.value;
        }
      });
}

TEST_F(CollectFamiliesThreadsTest, NothingIsLostWhenLabelSetsFold) {
  constexpr uint64_t kWriters = 3, kReaders = 1;
  series_budget_.set_max_series(50);
  FamilyOptions options;
  options.max_series = 20;
  const std::array families = {Make(Define(InstrumentKind::kCounter, "free", {"l"})),
                               Make(Define(InstrumentKind::kCounter, "limited", {"l"}), options)};
  std::atomic<uint64_t> started{0};
  FamilyReader reader(*segment_, kDefaultRegistry);
  const auto total = [&] {
    uint64_t sum = 0;
    for (const FamilySnapshot& family : Read(reader)) {
      for (const Number& value : family.values) sum += value.whole;
    }
    return sum;
  };
  uint64_t last = 0;
  WriteAndRead(
      kWriters, kReaders,
      [&](size_t thread) {
        Random random(thread);
        for (uint64_t i = 0; i < Repetitions(100'000); ++i) {
          const auto series = families[random.Below(2)]->WithLabels(Values{absl::StrCat(random.Below(200))});
          started.fetch_add(1);
          if (series->counts_touches()) series->Touch();
          series->counter().Increment<kConcurrent>(uint64_t{1});
        }
      },
      [&](size_t) {
        const uint64_t now = total();
        ASSERT_LE(now, started.load());
        ASSERT_GE(now, last);
        last = now;
        ASSERT_LE(series_budget_.series(), 50u);
      });
  EXPECT_EQ(total(), kWriters * Repetitions(100'000));
  EXPECT_EQ(families[1]->All().size(), 21u);
  uint64_t overflowed = 0;
  for (const auto& [name, count] : reader.ReadOverflowed()) overflowed += count;
  EXPECT_EQ(overflowed, families[0]->overflow()->counter().Integer() + families[1]->overflow()->counter().Integer());
}

}  // namespace
}  // namespace toolvitals
