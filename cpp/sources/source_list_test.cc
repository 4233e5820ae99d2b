// Sources beside the collector: order, removal, failures, what is stored, when it is stale, when a refresh is due.
// Floor: sources.
#include "sources/source_list.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "base/clock.h"
#include "sources/collector_records.h"
#include "sources/refresh_demand.h"
#include "sources/stored_source.h"

namespace toolvitals {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

FamilySnapshot Gauge(const std::string& name, double value) {
  FamilyInfo info;
  info.name = name;
  info.type = FamilyType::kGauge;
  FamilySnapshot family;
  family.info = std::make_shared<const FamilyInfo>(std::move(info));
  family.labels = std::make_shared<const LabelSets>(LabelSets{std::make_shared<const LabelSet>()});
  family.values = {value};
  return family;
}

class CallbackSource : public FamilySource {
 public:
  using Callback = std::function<void(std::vector<FamilySnapshot>&)>;
  explicit CallbackSource(Callback callback) : callback_(std::move(callback)) {}
  void Collect(std::vector<FamilySnapshot>& families) override { callback_(families); }

 private:
  const Callback callback_;
};

std::shared_ptr<FamilySource> Showing(const std::string& name) {
  return std::make_shared<CallbackSource>([name](auto& families) { families.push_back(Gauge(name, 1)); });
}

std::string Names(SourceList& list) {
  std::vector<FamilySnapshot> families;
  list.Collect(families);
  std::string names;
  for (const FamilySnapshot& family : families) names += family.info->name + " ";
  return names;
}

TEST(SourceListTest, SourcesAreShownInOrderUntilTheyAreRemoved) {
  SourceList list;
  const SourceList::Id a = list.Add(Showing("a"));
  const SourceList::Id b = list.Add(Showing("b"));
  EXPECT_EQ(Names(list), "a b ");
  list.Remove(a);
  list.Remove(a);
  EXPECT_EQ(Names(list), "b ");
  list.Add(Showing("c"));
  EXPECT_EQ(Names(list), "b c ");
  list.Remove(b);
  EXPECT_EQ(Names(list), "c ");
}

TEST(SourceListTest, ASourceThatThrowsShowsNothingAndIsCounted) {
  SourceList list;
  list.Add(Showing("a"));
  list.Add(std::make_shared<CallbackSource>([](auto& families) {
    families.push_back(Gauge("half", 1));
    throw std::runtime_error("no more");
  }));
  list.Add(Showing("b"));
  const auto failures = [] {
    const std::vector<CollectorSnapshot> all = CollectorRecords::Global().Read();
    const auto native = std::find_if(all.begin(), all.end(), [](const auto& one) { return one.name == "native"; });
    return native == all.end() ? 0 : native->failures;
  };
  const uint64_t before = failures();
  EXPECT_EQ(Names(list), "a b ");
  EXPECT_EQ(failures(), before + 1);
}

TEST(SourceListTest, RemovalWaitsForACollectionThatRuns) {
  SourceList list;
  absl::Notification collecting;
  absl::Notification go_on;
  std::atomic<bool> removed{false};
  std::atomic<bool> was_removed{false};
  const SourceList::Id id = list.Add(std::make_shared<CallbackSource>([&](auto&) {
    collecting.Notify();
    go_on.WaitForNotification();
    was_removed = removed.load();
  }));
  std::thread reader([&] { Names(list); });
  collecting.WaitForNotification();
  std::thread remover([&] {
    list.Remove(id);
    removed = true;
  });
  go_on.Notify();
  reader.join();
  remover.join();
  EXPECT_FALSE(was_removed);
  EXPECT_EQ(Names(list), "");
}

TEST(SourceListTest, AChildOfAForkIsNotHeldUpByACollectionOfItsParent) {
  absl::Notification collecting;
  absl::Notification go_on;
  const pid_t parent = getpid();
  SourceList& list = SourceList::Global();
  const SourceList::Id id = list.Add(std::make_shared<CallbackSource>([&](auto& families) {
    families.push_back(Gauge("one", 1));
    if (getpid() != parent) return;
    collecting.Notify();
    go_on.WaitForNotification();
  }));
  std::thread reader([&] { Names(list); });
  collecting.WaitForNotification();
  const pid_t child = fork();
  if (child == 0) _exit(Names(SourceList::Global()) == "one " ? 0 : 1);
  go_on.Notify();
  reader.join();
  list.Remove(id);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(SourceListTest, ThreadsAddRemoveAndCollect) {
  SourceList list;
  list.Add(Showing("stays"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&list] {
      for (int turn = 0; turn < 200; ++turn) list.Remove(list.Add(Showing("comes")));
    });
  }
  for (int turn = 0; turn < 200; ++turn) EXPECT_EQ(Names(list).substr(0, 6), "stays ");
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Names(list), "stays ");
}

TEST(StoredSourceTest, ShowsWhatWasStoredLast) {
  RefreshDemand demand;
  StoredSource source(demand);
  std::vector<FamilySnapshot> families;
  source.Collect(families);
  EXPECT_TRUE(families.empty());
  source.Store({Gauge("a", 1)});
  source.Store({Gauge("b", 2), Gauge("c", 3)});
  source.Collect(families);
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[1].values[0].AsDouble(), 3);
}

TEST(StoredSourceTest, ValuesHaveTheirTimeAndOldOnesAreCounted) {
  RefreshDemand demand;
  // One nanosecond: whatever is read was stored longer ago.
  demand.SetInterval(RefreshDemand::Duration(1));
  StoredSource source(demand);
  FamilySnapshot timed = Gauge("timed", 1);
  timed.labels = std::make_shared<const LabelSets>(2, std::make_shared<const LabelSet>());
  timed.values = {1.0, 2.0};
  timed.timestamps_ms = {7, FamilySnapshot::kNoTimestamp};
  const int64_t before_ms = Clock::UnixNanos() / 1'000'000;
  source.Store({Gauge("a", 1), timed});
  const uint64_t stale = StoredSource::stale_reads();
  std::vector<FamilySnapshot> families;
  while (StoredSource::stale_reads() == stale) {
    families.clear();
    source.Collect(families);
  }
  EXPECT_GE(families[0].timestamps_ms.at(0), before_ms);
  EXPECT_EQ(families[1].timestamps_ms.at(0), 7);
  EXPECT_GE(families[1].timestamps_ms.at(1), before_ms);
}

uint64_t now_ns = 0;

class RefreshDemandTest : public ::testing::Test {
 protected:
  RefreshDemandTest() { now_ns = 1'000'000'000'000; }

  static void Pass(RefreshDemand::Duration time) { now_ns += static_cast<uint64_t>(time.count()); }
  bool IsDue() { return demand_.Wait(RefreshDemand::Duration::zero()); }

  RefreshDemand demand_{[] { return now_ns; }};
};

TEST_F(RefreshDemandTest, TheFirstOneIsDueAtOnceAndThenNoneWithoutAScrape) {
  EXPECT_TRUE(IsDue());
  EXPECT_FALSE(IsDue());
  Pass(minutes(60));
  EXPECT_FALSE(IsDue());
}

TEST_F(RefreshDemandTest, AScrapeMakesOneDueWhenTheIntervalHasPassed) {
  EXPECT_TRUE(IsDue());
  demand_.Scraped();
  EXPECT_FALSE(IsDue());
  Pass(seconds(5) - milliseconds(1));
  EXPECT_FALSE(IsDue());
  Pass(milliseconds(1));
  EXPECT_TRUE(IsDue());
  EXPECT_FALSE(IsDue());
}

TEST_F(RefreshDemandTest, AfterALongRestAScrapeMakesOneDueAtOnce) {
  EXPECT_TRUE(IsDue());
  Pass(minutes(60));
  demand_.Scraped();
  EXPECT_TRUE(IsDue());
}

TEST_F(RefreshDemandTest, GoesOnAtTheIntervalUntilNobodyScrapesForLong) {
  demand_.SetInterval(seconds(30));
  demand_.Scraped();
  int refreshes = 0;
  for (int i = 0; i < 20; ++i, Pass(seconds(30))) refreshes += IsDue() ? 1 : 0;
  // At 0, 30, 60, 90 and 120 seconds.
  EXPECT_EQ(refreshes, 5);
}

TEST_F(RefreshDemandTest, WhoAsksGetsOneAtOnce) {
  EXPECT_TRUE(IsDue());
  demand_.AskNow();
  EXPECT_TRUE(IsDue());
  EXPECT_FALSE(IsDue());
}

TEST_F(RefreshDemandTest, ClosingEndsAWait) {
  RefreshDemand demand;
  EXPECT_TRUE(demand.Wait(seconds(1)));
  std::thread closer([&] { demand.Close(); });
  EXPECT_FALSE(demand.Wait(std::chrono::hours(1)));
  closer.join();
  EXPECT_FALSE(demand.Wait(std::chrono::hours(1)));
  demand.Open();
  EXPECT_TRUE(demand.Wait(std::chrono::hours(1)));
}

TEST_F(RefreshDemandTest, AScrapeEndsAWait) {
  RefreshDemand demand;
  demand.SetInterval(RefreshDemand::Duration(1));
  EXPECT_TRUE(demand.Wait(seconds(1)));
  std::thread scraper([&] { demand.Scraped(); });
  EXPECT_TRUE(demand.Wait(std::chrono::hours(1)));
  scraper.join();
}

}  // namespace
}  // namespace toolvitals
