// What is counted of collectors: by name, for as long as the process lives, with ages of those that are there.
// Floor: sources.
#include "sources/collector_records.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>

#include "base/clock.h"
#include "base/limits.h"

namespace toolvitals {
namespace {

TEST(CollectorRecordsTest, SeveralOfOneNameAreOneAndAsOldAsTheOldest) {
  CollectorRecords records;
  const auto a = records.Add("pool");
  const auto b = records.Add("pool");
  const auto never = records.Add("never");
  a->tally().CountFailure();
  b->tally().CountFailure();
  a->Succeed();
  const uint64_t then = Clock::MonotonicNanos();
  b->Succeed();
  const uint64_t now = Clock::MonotonicNanos();
  const std::vector<CollectorSnapshot> read = records.Read();
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].name, "never");
  EXPECT_TRUE(std::isnan(read[0].age_seconds));
  EXPECT_EQ(read[1].failures, 2u);
  EXPECT_GE(read[1].age_seconds, static_cast<double>(now - then) / 1e9);
}

TEST(CollectorRecordsTest, CountsStayAndAgesGoWithTheCollector) {
  CollectorRecords records;
  auto record = records.Add("gone");
  record->Succeed();
  record->tally().CountFailure();
  record.reset();
  const std::vector<CollectorSnapshot> read = records.Read();
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(read[0].failures, 1u);
  EXPECT_TRUE(std::isnan(read[0].age_seconds));
}

TEST(CollectorRecordsTest, HangsAreCountedAndShownUntilTheyEnd) {
  CollectorRecords records;
  CollectorTally& tally = records.TallyOf("slow");
  tally.Hang(Clock::MonotonicNanos() - 5'000'000'000);
  EXPECT_GE(records.Read()[0].hanging_seconds, 5);
  tally.Recover();
  EXPECT_EQ(records.Read()[0].hangs, 1u);
  EXPECT_TRUE(std::isnan(records.Read()[0].hanging_seconds));
}

TEST(CollectorRecordsTest, NamesAreCutMadeTextAndBounded) {
  CollectorRecords records;
  EXPECT_EQ(records.TallyOf(std::string(10'000, 'x')).name(), std::string(kMaxNameBytes, 'x'));
  EXPECT_EQ(records.TallyOf("\xFF").name(), "overflow");
  for (size_t i = 0; i < 2 * CollectorRecords::kMaxNames; ++i) records.TallyOf(std::to_string(i)).CountFailure();
  EXPECT_EQ(records.Read().size(), CollectorRecords::kMaxNames);
  EXPECT_EQ(&records.TallyOf("one more"), &records.TallyOf("overflow"));
}

TEST(CollectorRecordsTest, AForkedChildBeginsAnew) {
  const auto record = CollectorRecords::Global().Add("forked");
  record->Succeed();
  record->tally().CountFailure();
  const pid_t child = fork();
  if (child == 0) {
    for (const CollectorSnapshot& collector : CollectorRecords::Global().Read()) {
      if (collector.failures != 0 || !std::isnan(collector.age_seconds)) _exit(1);
    }
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace toolvitals
