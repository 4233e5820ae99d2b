// Whose values are too old: scrapes ask for a refresh, and a thread that can make one waits for that.
// Floor: sources.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace toolvitals {

// A refresh is due when someone asked for one at once; or when the last one began longer ago than the interval, and a
// scrape came within kPatience since. So values are never older than the interval and what a refresh takes, and a
// program that nobody scrapes does not work for nothing.
//
// Thread-safe. Scraped() never waits for whoever refreshes.
class RefreshDemand {
 public:
  using Duration = std::chrono::nanoseconds;

  static constexpr Duration kDefaultInterval = std::chrono::seconds(5);
  // Longer than the longest interval at which scrapers usually come.
  static constexpr Duration kPatience = std::chrono::minutes(2);

  // The clock, in nanoseconds from any start, is for tests.
  using NanosClock = uint64_t (*)();
  explicit RefreshDemand(NanosClock clock) : clock_(clock) {}
  RefreshDemand();

  // More than zero.
  void SetInterval(Duration interval);
  Duration interval() const { return Duration(interval_ns_.load(std::memory_order_relaxed)); }

  // A scrape shows what there is.
  void Scraped();
  // A refresh is due at once.
  void AskNow();
  // Ends every wait with false, until it is opened again, when a refresh is due at once.
  void Close();
  void Open();

  // Waits until a refresh is due, and true says that the caller makes it now; false after `patience`, or when closed.
  bool Wait(Duration patience);

  // In the child of a fork, which has none of the threads that waited.
  void BeginAfreshInChild();

 private:
  // How long until a refresh is due if nothing else happens; zero where it is now.
  Duration UntilDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const NanosClock clock_;
  std::atomic<int64_t> interval_ns_{kDefaultInterval.count()};
  absl::Mutex mutex_;
  absl::CondVar changed_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool asked_ ABSL_GUARDED_BY(mutex_) = true;  // The first refresh waits for nothing.
  std::optional<uint64_t> scraped_ns_ ABSL_GUARDED_BY(mutex_);
  uint64_t refreshed_ns_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolvitals
