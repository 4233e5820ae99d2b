// How the collectors fare that are not the core's own: what failed, what hangs, and how old what they gave is.
// Floor: sources.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/snapshot.h"

namespace toolvitals {

// What is counted of all collectors of one name. Lives as long as the process, so that whoever watches a collector may
// count for it when it is gone. Thread-safe.
class CollectorTally {
 public:
  explicit CollectorTally(std::string_view name) : name_(name) {}

  const std::string& name() const { return name_; }
  void CountFailure() { failures_.fetch_add(1, std::memory_order_relaxed); }
  // It takes longer than it may, since then; and has come to its end after all.
  void Hang(uint64_t since_ns);
  void Recover();

 private:
  friend class CollectorRecords;

  void BeginAfreshInChild();

  const std::string name_;
  std::atomic<uint64_t> failures_{0};
  std::atomic<uint64_t> hangs_{0};
  // Signed, because who recovers may be faster than who counts that it hangs.
  std::atomic<int64_t> hanging_{0};
  std::atomic<uint64_t> hanging_since_ns_{0};
};

// One collector. Thread-safe.
class CollectorRecord {
 public:
  CollectorTally& tally() const { return *tally_; }
  // It gave what it has, now.
  void Succeed();

 private:
  friend class CollectorRecords;
  explicit CollectorRecord(CollectorTally* tally) : tally_(tally) {}

  CollectorTally* const tally_;
  std::atomic<uint64_t> succeeded_ns_{0};  // of the monotonic clock; zero: never
};

// Thread-safe.
class CollectorRecords {
 public:
  // More names are one, so that a program that makes classes without end has an end here.
  static constexpr size_t kMaxNames = 1000;
  // Sources of families in C and C++, which have no names of their own.
  static constexpr std::string_view kNativeName = "native";

  // The one of this process, made at the first call and never gone.
  static CollectorRecords& Global();

  CollectorRecords() = default;
  CollectorRecords(const CollectorRecords&) = delete;
  CollectorRecords& operator=(const CollectorRecords&) = delete;

  // Followed for as long as somebody keeps it. Names are cut, and made UTF-8.
  std::shared_ptr<CollectorRecord> Add(std::string_view name);
  CollectorTally& TallyOf(std::string_view name);

  // By name. What was counted stays when a collector is gone; its age does not.
  std::vector<CollectorSnapshot> Read();

 private:
  static void BeginAfreshInChild();
  CollectorTally& TallyOfLocked(std::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, std::unique_ptr<CollectorTally>, std::less<>> tallies_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<CollectorRecord>> records_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolvitals
