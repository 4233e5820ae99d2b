// Counting failures and hangs by name, and telling them as families. Floor: sources.
#include "sources/collector_records.h"

#include <algorithm>
#include <new>

#include "base/clock.h"
#include "base/fork_hooks.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace toolvitals {
namespace {

constexpr double kNanosPerSecond = 1e9;

double SecondsSince(uint64_t then_ns) {
  const uint64_t now = Clock::MonotonicNanos();
  return now > then_ns ? static_cast<double>(now - then_ns) / kNanosPerSecond : 0;
}

}  // namespace

void CollectorTally::Hang(uint64_t since_ns) {
  hangs_.fetch_add(1, std::memory_order_relaxed);
  if (hanging_.fetch_add(1, std::memory_order_relaxed) <= 0) {
    hanging_since_ns_.store(since_ns, std::memory_order_relaxed);
  }
}

void CollectorTally::Recover() { hanging_.fetch_sub(1, std::memory_order_relaxed); }

void CollectorTally::BeginAfreshInChild() {
  failures_.store(0, std::memory_order_relaxed);
  hangs_.store(0, std::memory_order_relaxed);
  hanging_.store(0, std::memory_order_relaxed);
}

void CollectorRecord::Succeed() { succeeded_ns_.store(Clock::MonotonicNanos(), std::memory_order_relaxed); }

CollectorRecords& CollectorRecords::Global() {
  static CollectorRecords* const records = [] {
    static constexpr ForkHook kHook = {[] { Global().mutex_.Lock(); }, [] { Global().mutex_.Unlock(); },
                                       &BeginAfreshInChild};
    auto* made = new CollectorRecords;
    if (!SetForkHook(ForkPlace::kCollectorRecords, &kHook).ok()) throw std::bad_alloc();
    return made;
  }();
  return *records;
}

// What the parent counted is the parent's, and what it collected was not collected here.
void CollectorRecords::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  CollectorRecords& records = Global();
  MakeAnewInChild(records.mutex_);
  for (const auto& [name, tally] : records.tallies_) tally->BeginAfreshInChild();
  for (const std::weak_ptr<CollectorRecord>& record : records.records_) {
    if (const auto kept = record.lock()) kept->succeeded_ns_.store(0, std::memory_order_relaxed);
  }
}

std::shared_ptr<CollectorRecord> CollectorRecords::Add(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  std::shared_ptr<CollectorRecord> record(new CollectorRecord(&TallyOfLocked(name)));
  std::erase_if(records_, [](const auto& kept) { return kept.expired(); });
  records_.push_back(record);
  return record;
}

CollectorTally& CollectorRecords::TallyOf(std::string_view name) {
  absl::MutexLock lock(&mutex_);
  return TallyOfLocked(name);
}

CollectorTally& CollectorRecords::TallyOfLocked(std::string_view name) {
  name = TruncateUtf8(name, kMaxNameBytes);
  if (!IsUtf8(name)) name = kOverflowName;
  auto found = tallies_.find(name);
  if (found == tallies_.end() && tallies_.size() >= kMaxNames) found = tallies_.find(name = kOverflowName);
  if (found == tallies_.end()) {
    found = tallies_.emplace(std::string(name), std::make_unique<CollectorTally>(name)).first;
  }
  return *found->second;
}

std::vector<CollectorSnapshot> CollectorRecords::Read() {
  std::vector<CollectorSnapshot> read;
  absl::MutexLock lock(&mutex_);
  std::map<const CollectorTally*, uint64_t> oldest;
  for (const std::weak_ptr<CollectorRecord>& record : records_) {
    const auto kept = record.lock();
    const uint64_t succeeded = kept == nullptr ? 0 : kept->succeeded_ns_.load(std::memory_order_relaxed);
    if (succeeded == 0) continue;
    const auto [found, is_new] = oldest.emplace(kept->tally_, succeeded);
    if (!is_new) found->second = std::min(found->second, succeeded);
  }
  for (const auto& [name, tally] : tallies_) {
    CollectorSnapshot& collector = read.emplace_back();
    collector.name = name;
    collector.failures = tally->failures_.load(std::memory_order_relaxed);
    collector.hangs = tally->hangs_.load(std::memory_order_relaxed);
    if (tally->hanging_.load(std::memory_order_relaxed) > 0) {
      collector.hanging_seconds = SecondsSince(tally->hanging_since_ns_.load(std::memory_order_relaxed));
    }
    const auto found = oldest.find(tally.get());
    if (found != oldest.end()) collector.age_seconds = SecondsSince(found->second);
  }
  return read;
}

}  // namespace toolvitals
