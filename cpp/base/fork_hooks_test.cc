// Hooks around real forks: their order, and that nothing stays locked in a child. Floor: base.
#include "base/fork_hooks.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <thread>
#include <utility>

#include "base/testing.h"

namespace toolvitals {
namespace {

// What the hooks of these tests were called for, in order. No memory is asked for, as in any hook.
enum class Step : uint8_t { kPrepare, kParent, kChild };
struct Log {
  std::array<std::pair<Step, size_t>, 4 * kForkPlaces> entries = {};
  size_t size = 0;

  void Add(Step step, size_t place) {
    if (size < entries.size()) entries[size++] = {step, place};
  }
};
thread_local Log log_of_fork;

template <size_t kPlace>
constexpr ForkHook kLoggingHook = {
    [] { log_of_fork.Add(Step::kPrepare, kPlace); },
    [] { log_of_fork.Add(Step::kParent, kPlace); },
    [] { log_of_fork.Add(Step::kChild, kPlace); },
};

template <size_t... kPlace>
void SetAll(std::index_sequence<kPlace...>) {
  // From the middle outward, so that the order of setting cannot be the order of calling.
  constexpr size_t kMiddle = kForkPlaces / 2;
  (..., (void)SetForkHook(static_cast<ForkPlace>((kPlace + kMiddle) % kForkPlaces),
                          &kLoggingHook<(kPlace + kMiddle) % kForkPlaces>));
}

constexpr ForkHook kNoHook = {};

class ForkHooksTest : public testing::Test {
 protected:
  ~ForkHooksTest() override {
    for (size_t place = 0; place < kForkPlaces; ++place) (void)SetForkHook(static_cast<ForkPlace>(place), &kNoHook);
  }

  // Forks, and says whether `is_right` holds in the child.
  template <typename Check>
  bool ForkAndCheck(const Check& is_right) {
    log_of_fork.size = 0;
    const pid_t child = fork();
    if (child == 0) _exit(is_right() ? 0 : 1);
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }

  // All places prepared from the top down, and were then called for `after` from the bottom up.
  static bool IsInOrder(Step after) {
    const Log& log = log_of_fork;
    if (log.size != 2 * kForkPlaces) return false;
    for (size_t i = 0; i < kForkPlaces; ++i) {
      if (log.entries[i] != std::pair(Step::kPrepare, kForkPlaces - 1 - i)) return false;
      if (log.entries[kForkPlaces + i] != std::pair(after, i)) return false;
    }
    return true;
  }
};

TEST_F(ForkHooksTest, PrepareFromTheTopDownAndGoOnFromTheBottomUp) {
  SetAll(std::make_index_sequence<kForkPlaces>());
  EXPECT_TRUE(ForkAndCheck([] { return IsInOrder(Step::kChild); }));
  EXPECT_TRUE(IsInOrder(Step::kParent));
}

TEST_F(ForkHooksTest, ChildrenForkInTheSameOrder) {
  SetAll(std::make_index_sequence<kForkPlaces>());
  EXPECT_TRUE(ForkAndCheck([this] { return ForkAndCheck([] { return IsInOrder(Step::kChild); }); }));
}

TEST_F(ForkHooksTest, ThreadsThatForkAtOnceDoNotMeet) {
  SetAll(std::make_index_sequence<kForkPlaces>());
  std::atomic<int> right = 0;
  RunThreads(4, [&](size_t) {
    for (int i = 0; i < 5; ++i) {
      if (ForkAndCheck([] { return IsInOrder(Step::kChild); }) && IsInOrder(Step::kParent)) ++right;
    }
  });
  EXPECT_EQ(right, 20);
}

TEST_F(ForkHooksTest, AMutexIsFreeInTheChildWhoeverHeldIt) {
  static absl::Mutex mutex(absl::kConstInit);
  static constexpr ForkHook kHook = {[] { mutex.Lock(); }, [] { mutex.Unlock(); }, [] { MakeAnewInChild(mutex); }};
  ASSERT_TRUE(SetForkHook(ForkPlace::kCollector, &kHook).ok());
  std::atomic<bool> stop = false;
  std::thread holder([&] {
    while (!stop) {
      const absl::MutexLock lock(&mutex);
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(ForkAndCheck([] {
      const absl::MutexLock lock(&mutex);
      return true;
    }));
  }
  stop = true;
  holder.join();
}

// What another thread does while this one forks: it sets hooks that have not prepared.
TEST_F(ForkHooksTest, OneThatIsSetMeanwhileReleasesNothing) {
  static constexpr ForkHook kSetsOthers = {[] {
    (void)SetForkHook(ForkPlace::kIngest, &kLoggingHook<static_cast<size_t>(ForkPlace::kIngest)>);
    static constexpr ForkHook kChildOnly = {.child = [] { log_of_fork.Add(Step::kChild, 0); }};
    (void)SetForkHook(ForkPlace::kRefreshCrew, &kChildOnly);
  }};
  ASSERT_TRUE(SetForkHook(ForkPlace::kCollector, &kSetsOthers).ok());
  EXPECT_TRUE(
      ForkAndCheck([] { return log_of_fork.size == 1 && log_of_fork.entries[0] == std::pair(Step::kChild, 0ul); }));
  EXPECT_EQ(log_of_fork.size, 0u);
}

TEST_F(ForkHooksTest, TheLastHookOfAPlaceCounts) {
  SetAll(std::make_index_sequence<kForkPlaces>());
  static constexpr ForkHook kHook = {.child = [] { log_of_fork.Add(Step::kChild, 99); }};
  ASSERT_TRUE(SetForkHook(ForkPlace::kIngest, &kHook).ok());
  EXPECT_TRUE(ForkAndCheck([] { return log_of_fork.entries[2 * kForkPlaces - 2] == std::pair(Step::kChild, 99ul); }));
}

}  // namespace
}  // namespace toolvitals
