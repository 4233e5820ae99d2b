// Walking the directory and reading each cell.
// Floor: snapshot.
#include "snapshot/collect.h"

#include <algorithm>

#include "registry/heavy_hitters.h"
#include "registry/names.h"
#include "snapshot/process.h"
#include "snapshot/stored_source.h"

#ifndef TOOLVITALS_VERSION
#error "The build passes TOOLVITALS_VERSION."
#endif

namespace toolvitals {
namespace {

// Replaced whole and never freed: a reader may hold the one before.
struct KeptPythonInfo {
  PythonInfo info;
  const KeptPythonInfo* before;
};
std::atomic<const KeptPythonInfo*> python_info{nullptr};

PythonSnapshot CollectPython(const SegmentHeader& header) {
  PythonSnapshot python;
  // Pairs with the release in SetPythonInfo().
  const KeptPythonInfo* kept = python_info.load(std::memory_order_acquire);
  if (kept == nullptr) return python;
  const PythonInfo& info = kept->info;
  python.implementation = info.implementation;
  python.version = info.version;
  python.major = info.major;
  python.minor = info.minor;
  python.patchlevel = info.patchlevel;
  for (size_t i = 0; i < std::min(info.gc_generations, kGcGenerations); ++i) {
    const GcGenerationCell& cell = header.gc[i];
    python.gc.push_back({cell.collections.load(std::memory_order_relaxed),
                         cell.objects_collected.load(std::memory_order_relaxed),
                         cell.objects_uncollectable.load(std::memory_order_relaxed)});
  }
  return python;
}

SelfSnapshot CollectSelf(const Segment& segment) {
  const SegmentHeader& header = segment.header();
  SelfSnapshot self;
  self.version = TOOLVITALS_VERSION;
  self.series = header.series.load(std::memory_order_relaxed);
  self.memory_bytes = segment.used_bytes();
  self.scrapes = header.scrapes.load(std::memory_order_relaxed);
  self.scrape_seconds_sum = static_cast<double>(header.scrape_ns_sum.load(std::memory_order_relaxed)) / 1e9;
  for (size_t i = 0; i < static_cast<size_t>(DropReason::kCount); ++i) {
    // Zeros too: a counter that is there from the start lets rate() see the first drop.
    self.dropped_records.emplace_back(DropReasonName(static_cast<DropReason>(i)),
                                      header.dropped[i].load(std::memory_order_relaxed));
  }
  std::sort(self.dropped_records.begin(), self.dropped_records.end());
  for (Offender& offender : HeavyHitters::Read(segment)) {
    self.offenders.push_back({std::move(offender.family), std::move(offender.label), std::move(offender.value),
                              offender.count, offender.error});
  }
  return self;
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

void SnapshotReader::SetPythonInfo(PythonInfo info) {
  auto* kept = new KeptPythonInfo{std::move(info), python_info.load(std::memory_order_relaxed)};
  while (!python_info.compare_exchange_weak(kept->before, kept, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

std::span<const Member> SnapshotReader::Members() {
  return fleet_ == nullptr ? std::span<const Member>(&own_, 1) : fleet_->Look().members;
}

std::optional<ToolSnapshot> SnapshotReader::ReadTool(std::string_view name) {
  return tools_.ReadTool(Members(), collector_.quantile_method(), name);
}

std::optional<CacheSnapshot> SnapshotReader::ReadCache(std::string_view name) {
  return tools_.ReadCache(Members(), name);
}

std::shared_ptr<const Snapshot> SnapshotReader::Read() {
  Clock::Recalibrate();
  const Segment& segment = collector_.segment();
  const SegmentHeader& header = segment.header();
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->timestamp_us = Clock::UnixNanos() / 1000;
  snapshot->uptime_seconds = static_cast<double>(Clock::MonotonicNanos() - collector_.started_ns()) / 1e9;
  snapshot->window_size = header.window_size.load(std::memory_order_relaxed);
  snapshot->name_prefix = collector_.name_prefix();
  auto bounds = std::make_shared<std::vector<double>>();
  for (uint64_t i = 0; i < header.histogram_bounds.load(std::memory_order_relaxed); ++i) {
    bounds->push_back(LoadDouble(header.bounds[i]));
  }
  snapshot->duration_bounds = std::move(bounds);
  const std::span<const Member> members = Members();
  tools_.Read(members, collector_.quantile_method(), snapshot->tools, snapshot->caches);
  families_.Read(collector_.quantile_method(), snapshot->families);
  if (sources_ != nullptr) sources_->Collect(snapshot->families);
  snapshot->process = ReadProcess();
  snapshot->python = CollectPython(header);
  snapshot->self = CollectSelf(segment);
  if (sources_ != nullptr) snapshot->self.source_failures = sources_->failures();
  snapshot->self.stale_reads = StoredSource::stale_reads();
  snapshot->self.overflowed_records = families_.ReadOverflowed();
  AddOverflow(*snapshot, snapshot->self.overflowed_records);
  std::sort(snapshot->self.overflowed_records.begin(), snapshot->self.overflowed_records.end());
  return snapshot;
}

}  // namespace toolvitals
