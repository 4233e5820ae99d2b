// Walking the directory and reading each cell.
// Floor: snapshot.
#include "snapshot/collect.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "registry/heavy_hitters.h"
#include "registry/names.h"
#include "snapshot/python_version.h"
#include "sources/collector_records.h"
#include "sources/process.h"
#include "sources/stored_source.h"
#include "store/counting_times.h"

#ifndef TOOLVITALS_VERSION
#error "The build passes TOOLVITALS_VERSION."
#endif

namespace toolvitals {
namespace {

// The interpreter of who answers, and what the garbage collectors of all did.
PythonSnapshot CollectPython(const SegmentHeader& answering, std::span<const Member> members) {
  PythonSnapshot python = PythonOfVersion(answering.python_version.load(std::memory_order_relaxed));
  for (size_t i = 0; i < python.gc.size(); ++i) {
    GcGenerationSnapshot& generation = python.gc[i];
    for (const Member& member : members) {
      const GcGenerationCell& cell = member.segment->header().gc[i];
      generation.collections += member.Counted(cell.collections);
      generation.objects_collected += member.Counted(cell.objects_collected);
      generation.objects_uncollectable += member.Counted(cell.objects_uncollectable);
    }
  }
  return python;
}

void AddOffenders(const Segment& segment, std::vector<OffenderSnapshot>& offenders) {
  for (Offender& offender : HeavyHitters::Read(segment)) {
    const auto found = std::find_if(offenders.begin(), offenders.end(), [&](const OffenderSnapshot& known) {
      return known.family == offender.family && known.label == offender.label && known.value == offender.value;
    });
    if (found == offenders.end()) {
      offenders.push_back({std::move(offender.family), std::move(offender.label), std::move(offender.value),
                           offender.count, offender.error});
    } else {
      found->count += offender.count;
      found->error += offender.error;
    }
  }
}

void CollectSelf(std::span<const Member> members, SelfSnapshot& self) {
  self.version = TOOLVITALS_VERSION;
  std::array<uint64_t, static_cast<size_t>(DropReason::kCount)> dropped = {};
  uint64_t scrape_ns = 0;
  for (const Member& member : members) {
    const SegmentHeader& header = member.segment->header();
    self.series += header.series.load(std::memory_order_relaxed);
    self.memory_bytes += member.segment->used_bytes();
    self.unshared_processes += header.unshared.load(std::memory_order_relaxed);
    self.scrapes += member.Counted(header.scrapes);
    scrape_ns += member.Counted(header.scrape_ns_sum);
    for (size_t i = 0; i < dropped.size(); ++i) dropped[i] += member.Counted(header.dropped[i]);
    AddOffenders(*member.segment, self.offenders);
  }
  self.scrape_seconds_sum = static_cast<double>(scrape_ns) / 1e9;
  for (size_t i = 0; i < dropped.size(); ++i) {
    // Zeros too: a counter that is there from the start lets rate() see the first drop.
    self.dropped_records.emplace_back(DropReasonName(static_cast<DropReason>(i)), dropped[i]);
  }
  std::sort(self.dropped_records.begin(), self.dropped_records.end());
  std::stable_sort(self.offenders.begin(), self.offenders.end(),
                   [](const OffenderSnapshot& a, const OffenderSnapshot& b) { return a.count > b.count; });
}

// What the kernel says of each process that lives, and of all together: their sum, as that of the first of them.
void CollectProcesses(std::span<const Member> members, Snapshot& snapshot) {
  const auto add = [&](const ProcessSnapshot& process) {
    ProcessSnapshot& sum = snapshot.process;
    if (snapshot.processes.empty()) sum.pid = process.pid;
    if (snapshot.processes.empty()) sum.start_time_seconds = process.start_time_seconds;
    if (snapshot.processes.empty()) sum.max_fds = process.max_fds;
    sum.cpu_seconds += process.cpu_seconds;
    sum.resident_memory_bytes += process.resident_memory_bytes;
    sum.virtual_memory_bytes += process.virtual_memory_bytes;
    sum.open_fds += process.open_fds;
    sum.threads += process.threads;
    snapshot.processes.push_back(process);
  };
  for (const Member& member : members) {
    if (member.state == MemberState::kOwn) add(ReadProcess());
    if (member.state == MemberState::kOwn && !member.names_process) {
      // A process that shares nothing stands for itself and for what was forked from it.
      snapshot.processes.clear();
      return;
    }
    if (member.state != MemberState::kLive) continue;
    const uint64_t start = member.segment->header().process_start_ticks.load(std::memory_order_relaxed);
    // One in another container cannot be asked after.
    if (const auto process = ReadOtherProcess(member.process_id(), start)) add(*process);
  }
}

// Who answers where nobody of the service is asked: the process that has lived longest, else who was there last.
const Segment* SpokesmanOf(std::span<const Member> members) {
  const Segment* found = nullptr;
  const auto started = [](const Segment& segment) {
    return segment.header().started_ns.load(std::memory_order_relaxed);
  };
  for (const Member& member : members) {
    if (member.state == MemberState::kOwn) return member.segment;
    if (member.state == MemberState::kLive && (found == nullptr || started(*member.segment) < started(*found))) {
      found = member.segment;
    }
  }
  return found != nullptr || members.empty() ? found : members.front().segment;
}

int64_t CountedSince(std::span<const Member> members) {
  CountingTimes times;
  for (const Member& member : members) times.Add(member.segment->header());
  return times.since_us();
}

// What the header of one process says of it.
void CollectHeader(const SegmentHeader& header, Snapshot& snapshot) {
  const auto read = [](const Word& word) { return word.load(std::memory_order_relaxed); };
  const uint64_t now = Clock::MonotonicNanos();
  snapshot.uptime_seconds = static_cast<double>(now - std::min(now, read(header.started_ns))) / 1e9;
  snapshot.window_size = read(header.window_size);
  snapshot.self.max_series = read(header.max_series);
  snapshot.self.max_memory_bytes = read(header.budget_bytes);
  auto bounds = std::make_shared<std::vector<double>>();
  for (uint64_t i = 0; i < std::min<uint64_t>(read(header.histogram_bounds), kMaxDurationBounds); ++i) {
    bounds->push_back(LoadDouble(header.bounds[i]));
  }
  snapshot.duration_bounds = std::move(bounds);
}

void CollectFleet(const FleetView& fleet, SelfSnapshot& self) {
  self.live_processes = fleet.live_processes;
  self.retired_processes = fleet.retired_processes;
  std::map<std::string, uint64_t> reasons;
  for (const RefusedSegment& refused : fleet.refused) ++reasons[refused.reason];
  self.refused_segments.assign(reasons.begin(), reasons.end());
}

// What went to the series named kOverflowName of the tools and caches, as the families that count it are named.
void AddOverflow(const Snapshot& snapshot, std::vector<std::pair<std::string, uint64_t>>& records) {
  for (const ToolSnapshot& tool : snapshot.tools) {
    if (tool.name == kOverflowName) records.emplace_back(snapshot.name_prefix + "tool_calls", tool.total_calls());
  }
  for (const CacheSnapshot& cache : snapshot.caches) {
    if (cache.name != kOverflowName) continue;
    records.emplace_back(snapshot.name_prefix + "cache_requests", cache.hits + cache.misses);
  }
}

}  // namespace

template <typename Reading>
auto SnapshotReader::OrForget(Reading read) {
  absl::Cleanup forget = [this] {
    tools_ = ToolReader();
    families_ = FamilyMerger();
  };
  auto result = read();
  Rest();
  std::move(forget).Cancel();
  return result;
}

std::optional<ToolSnapshot> SnapshotReader::ReadTool(std::string_view name) {
  return OrForget([&] { return tools_.ReadTool(Look().members, collector_.quantile_method(), name); });
}

std::optional<CacheSnapshot> SnapshotReader::ReadCache(std::string_view name) {
  return OrForget([&] { return tools_.ReadCache(Look().members, name); });
}

const Segment& SnapshotReader::AnsweringOf(std::span<const Member> members) const {
  const Segment* spokesman = SpokesmanOf(members);
  return spokesman == nullptr ? collector_.segment() : *spokesman;
}

std::shared_ptr<Snapshot> SnapshotReader::ReadTools(std::span<const Member> members) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->timestamp_us = Clock::UnixNanos() / 1000;
  CollectorOptions options = collector_.options();
  snapshot->name_prefix = std::move(options.name_prefix);
  snapshot->window_label = std::move(options.window_label);
  tools_.Read(members, collector_.quantile_method(), snapshot->tools, snapshot->caches);
  snapshot->created_us = CountedSince(members);
  CollectHeader(AnsweringOf(members).header(), *snapshot);
  return snapshot;
}

std::shared_ptr<const Snapshot> SnapshotReader::ReadTools() {
  Clock::Recalibrate();
  return OrForget([&] { return ReadTools(Look().members); });
}

std::shared_ptr<const Snapshot> SnapshotReader::Read() {
  return OrForget([&] { return ReadAll(); });
}

std::shared_ptr<const Snapshot> SnapshotReader::ReadAll() {
  Clock::Recalibrate();
  const FleetView& fleet = Look();
  const std::span<const Member> members = fleet.members;
  const std::shared_ptr<Snapshot> snapshot = ReadTools(members);
  families_.Read(members, collector_.quantile_method(), snapshot->families);
  if (sources_ != nullptr) sources_->Collect(snapshot->families);
  CollectProcesses(members, *snapshot);
  CollectSelf(members, snapshot->self);
  if (!members.empty()) snapshot->python = CollectPython(AnsweringOf(members).header(), members);
  CollectFleet(fleet, snapshot->self);
  snapshot->self.merge_conflicts = families_.conflicts();
  if (sources_ != nullptr) {
    snapshot->self.collectors = CollectorRecords::Global().Read();
    snapshot->self.stale_reads = StoredSource::stale_reads();
  }
  snapshot->self.overflowed_records = families_.ReadOverflowed(members);
  AddOverflow(*snapshot, snapshot->self.overflowed_records);
  std::sort(snapshot->self.overflowed_records.begin(), snapshot->self.overflowed_records.end());
  return snapshot;
}

}  // namespace toolvitals
