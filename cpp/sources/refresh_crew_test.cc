// Turns: one at a time, taken from who is late, by no more threads than there may be; closing, and forks.
// Floor: sources.
#include "sources/refresh_crew.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"

namespace toolvitals {
namespace {

constexpr RefreshCrew::Duration kPatience = std::chrono::minutes(2);

using Job = std::function<void()>;

// What a refresh is in these tests: the jobs that are there when it begins.
struct Refresh {
  absl::Mutex mutex;
  std::vector<std::pair<CollectorTally*, Job>> jobs ABSL_GUARDED_BY(mutex);
  std::deque<std::pair<CollectorTally*, Job>> left ABSL_GUARDED_BY(mutex);
};

Refresh* refresh = nullptr;
RefreshCrew* crew = nullptr;

void Main(RefreshCrew::Member& member) {
  for (;;) {
    const RefreshCrew::Turn turn = crew->Await(member);
    if (turn == RefreshCrew::Turn::kNone) return;
    if (turn == RefreshCrew::Turn::kBegin) {
      absl::MutexLock lock(&refresh->mutex);
      refresh->left.assign(refresh->jobs.begin(), refresh->jobs.end());
    }
    while (member.has_turn()) {
      std::pair<CollectorTally*, Job> job;
      {
        absl::MutexLock lock(&refresh->mutex);
        if (refresh->left.empty()) break;
        job = std::move(refresh->left.front());
        refresh->left.pop_front();
      }
      member.BeginJob(*job.first);
      job.second();
      member.EndJob();
    }
  }
}

class RefreshCrewTest : public ::testing::Test {
 protected:
  // Threads that still end when a test is over may look at them.
  RefreshCrewTest() : demand_(*new RefreshDemand) {
    // A mutex that is made anew in a child is not the one before.
    absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
    refresh = new Refresh;
    crew = new RefreshCrew(demand_, &Main);
    crew->SetDeadline(kPatience);
  }
  ~RefreshCrewTest() override { crew->Close(kPatience); }

  void Add(std::string name, Job job) {
    CollectorTally& tally = records_.TallyOf(name);
    absl::MutexLock lock(&refresh->mutex);
    refresh->jobs.emplace_back(&tally, std::move(job));
  }

  CollectorSnapshot Of(const std::string& name) {
    for (CollectorSnapshot& collector : records_.Read()) {
      if (collector.name == name) return collector;
    }
    return {};
  }

  RefreshDemand& demand_;
  CollectorRecords& records_ = *new CollectorRecords;
};

TEST_F(RefreshCrewTest, OneThreadDoesAllJobsInOrderAndAgainWhenAsked) {
  std::vector<std::pair<int, pthread_t>> done;
  auto* last = new absl::Notification;
  for (int i = 0; i < 3; ++i) Add("job", [&done, i] { done.emplace_back(i, pthread_self()); });
  Add("last", [&] { last->Notify(); });
  ASSERT_TRUE(crew->Open());
  last->WaitForNotification();
  crew->Close(kPatience);
  EXPECT_EQ(crew->threads(), 0u);
  ASSERT_EQ(done.size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(done[static_cast<size_t>(i)].first, i);
  EXPECT_TRUE(pthread_equal(done[0].second, done[2].second));
  last = new absl::Notification;
  ASSERT_TRUE(crew->Open());
  last->WaitForNotification();
  crew->Close(kPatience);
  EXPECT_EQ(done.size(), 6u);
  EXPECT_EQ(Of("job").hangs, 0u);
}

TEST_F(RefreshCrewTest, OthersGoOnWithoutAJobThatHangs) {
  absl::Notification go_on, others_done;
  crew->SetDeadline(RefreshCrew::Duration(1));
  Add("hangs", [&] { go_on.WaitForNotification(); });
  Add("next", [&] {
    if (!others_done.HasBeenNotified()) others_done.Notify();
  });
  ASSERT_TRUE(crew->Open());
  others_done.WaitForNotification();
  EXPECT_EQ(Of("hangs").hangs, 1u);
  EXPECT_GT(Of("hangs").hanging_seconds, 0);
  go_on.Notify();
  crew->Close(kPatience);
  EXPECT_EQ(Of("hangs").hangs, 1u);
  EXPECT_TRUE(std::isnan(Of("hangs").hanging_seconds));
}

TEST_F(RefreshCrewTest, ThereAreNoMoreThreadsThanThereMayBeAndTheFirstThatComesBackGoesOn) {
  absl::Notification go_on, last;
  std::atomic<size_t> hanging{0};
  absl::Notification all_hang;
  crew->SetDeadline(RefreshCrew::Duration(1));
  for (size_t i = 0; i < RefreshCrew::kMaxThreads; ++i) {
    Add("hangs", [&] {
      if (++hanging == RefreshCrew::kMaxThreads) all_hang.Notify();
      go_on.WaitForNotification();
    });
  }
  Add("last", [&] {
    if (!last.HasBeenNotified()) last.Notify();
  });
  ASSERT_TRUE(crew->Open());
  all_hang.WaitForNotification();
  EXPECT_EQ(crew->threads(), RefreshCrew::kMaxThreads);
  EXPECT_FALSE(last.HasBeenNotified());
  go_on.Notify();
  last.WaitForNotification();
  crew->Close(kPatience);
  EXPECT_EQ(crew->threads(), 0u);
}

TEST_F(RefreshCrewTest, ClosingWaitsForNoJobLongerThanItIsTold) {
  absl::Notification begun, go_on;
  Add("runs", [&] {
    begun.Notify();
    go_on.WaitForNotification();
  });
  ASSERT_TRUE(crew->Open());
  begun.WaitForNotification();
  crew->Close(RefreshCrew::Duration(1));
  EXPECT_EQ(crew->threads(), 1u);
  go_on.Notify();
  crew->Close(kPatience);
  EXPECT_EQ(crew->threads(), 0u);
}

TEST_F(RefreshCrewTest, AForkedChildHasNoThreadsAndMakesItsOwn) {
  static absl::Notification* done = nullptr;
  done = new absl::Notification;
  Add("job", [] { done->Notify(); });
  ASSERT_TRUE(crew->Open());
  done->WaitForNotification();
  crew->Close(kPatience);
  done = new absl::Notification;
  const pid_t child = fork();
  if (child == 0) {
    demand_.BeginAfreshInChild();
    crew->BeginAfreshInChild();
    if (crew->threads() != 0 || !crew->Open()) _exit(1);
    done->WaitForNotification();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace toolvitals
