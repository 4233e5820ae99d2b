// What is left of processes that have ended: their records, added up in one segment.
// Floor: fleet.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/collector.h"
#include "snapshot/collect_families.h"
#include "snapshot/member.h"
#include "store/counting_times.h"

namespace toolvitals {

// A segment like any other, within the budget of series of the one who makes it; label sets past that fold into the
// overflow series of their families. Calls in flight are no more, and neither are gauges of living processes only,
// exemplars, series that have expired, and the count of refused label values. Belongs to one thread.
class Retirement {
 public:
  static absl::StatusOr<std::unique_ptr<Retirement>> Create(const CollectorOptions& options);

  // Once, with all that is to be in it; the oldest samples first. `others` are the members that stay outside. False
  // where there is no memory for all of it.
  [[nodiscard]] bool Add(std::span<const Member> members, std::span<const Member> others);
  // Counts the members' processes, and nothing of what they recorded.
  void AddNothingOf(std::span<const Member> members);
  // Notes that a segment is in it, and so counts no more by itself; false where there is no memory for that.
  [[nodiscard]] bool NoteTaken(std::string_view name);
  // Notes the number of the last removal, which it is without.
  void NoteRemovals(uint64_t last) { collector_->segment().header().removals.store(last, std::memory_order_relaxed); }

  Collector& collector() { return *collector_; }
  const Segment& segment() const { return collector_->segment(); }

 private:
  explicit Retirement(std::unique_ptr<Collector> collector) : collector_(std::move(collector)) {}

  void AddTools(const Member& member);
  void AddTool(const Member& member, std::string_view name, const ToolCell& from);
  void AddCache(const Member& member, std::string_view name, const CacheCell& from);
  void AddWindow(const Member& member, const WindowCell& from, WindowCell& into);
  void AddHeader(const Member& member);
  void AddProcesses(const Member& member);
  bool AddFamilies(std::span<const Member> members, std::span<const Member> others);
  // False where there is no memory for it.
  bool AddFamily(const FamilyPart& part);

  std::unique_ptr<Collector> collector_;
  CountingTimes times_;
  // Shown for as long as somebody holds them.
  std::vector<std::shared_ptr<Family>> families_;
};

// The names of the segments that a retired one was made of.
std::vector<std::string> TakenSegments(const Segment& retired);

}  // namespace toolvitals
