// Walking the directory and reading each cell.
// Floor: snapshot.
#include "snapshot/collect.h"

#include <algorithm>
#include <cmath>

#include "metrics/moments.h"
#include "registry/heavy_hitters.h"
#include "registry/names.h"
#include "snapshot/process.h"
#include "snapshot/stored_source.h"

#ifndef TOOLVITALS_VERSION
#error "The build passes TOOLVITALS_VERSION."
#endif

namespace toolvitals {
namespace {

constexpr std::array<int, kWindowQuantiles.size()> kPercents = {50, 75, 90, 95, 99};

// Replaced whole and never freed: a reader may hold the one before.
struct KeptPythonInfo {
  PythonInfo info;
  const KeptPythonInfo* before;
};
std::atomic<const KeptPythonInfo*> python_info{nullptr};

CacheSnapshot CollectCache(std::string_view name, const CacheCell& cell) {
  CacheSnapshot cache;
  cache.name = name;
  cache.hits = cell.hits.load(std::memory_order_relaxed);
  cache.misses = cell.misses.load(std::memory_order_relaxed);
  cache.evictions = cell.evictions.load(std::memory_order_relaxed);
  cache.size_rejections = cell.size_rejections.load(std::memory_order_relaxed);
  return cache;
}

bool IsIdle(const ToolSnapshot& tool) { return tool.total_calls() == 0 && tool.in_progress == 0; }

bool IsIdle(const CacheSnapshot& cache) {
  return cache.hits + cache.misses + cache.evictions + cache.size_rejections == 0;
}

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

template <typename Named>
void SortByName(std::vector<Named>& values) {
  std::sort(values.begin(), values.end(), [](const Named& a, const Named& b) { return a.name < b.name; });
}

}  // namespace

void SnapshotReader::SetPythonInfo(PythonInfo info) {
  auto* kept = new KeptPythonInfo{std::move(info), python_info.load(std::memory_order_relaxed)};
  while (!python_info.compare_exchange_weak(kept->before, kept, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

WindowStats SnapshotReader::Statistics(const WindowCell& window, std::optional<uint64_t> recorded) {
  const Segment& segment = collector_.segment();
  const RingRecord& ring = *segment.At<RingRecord>(window.ring.load(std::memory_order_acquire));
  const uint64_t window_size = segment.header().window_size.load(std::memory_order_relaxed);
  const QuantileMethod method = collector_.quantile_method();
  KeptStats& kept = kept_[&window];
  if (kept.window_size == window_size && kept.method == method && kept.position == window.position()) {
    return kept.stats;
  }
  const WindowCell::Position position = window.Read(ring, window_size, samples_);
  const Moments moments = MomentsOf(samples_);
  WindowStats stats;
  stats.count = samples_.size();
  stats.mean = moments.mean;
  stats.stddev = moments.stddev;
  stats.min = moments.min;
  stats.max = moments.max;
  Percentiles(samples_, kPercents, method, stats.quantiles);
  // With concurrent writers a sample may have been claimed and not yet stored when the ring was read. As many finished
  // calls as claimed samples say that none was.
  const bool settled = recorded.has_value() && *recorded == position.cursor - position.start;
  kept = settled ? KeptStats{position, window_size, method, stats} : KeptStats{};
  return stats;
}

ToolSnapshot SnapshotReader::Collect(std::string_view name, const ToolCell& cell) {
  const Segment& segment = collector_.segment();
  const size_t buckets = segment.header().histogram_bounds.load(std::memory_order_relaxed) + 1;
  ToolSnapshot tool;
  tool.name = name;
  tool.duration_buckets.assign(buckets, 0);
  double nanos = 0;
  const auto add = [&](const HistogramCell& histogram) {
    nanos += histogram.Sum();
    return histogram.Collect(tool.duration_buckets);
  };
  tool.successful_calls = add(OutcomeCell(cell, Outcome::kSuccess, buckets));
  tool.cancelled_calls = add(OutcomeCell(cell, Outcome::kCancelled, buckets));
  tool.failed_calls = add(OutcomeCell(cell, Outcome::kError, buckets));
  if (const uint64_t overflow = add(OutcomeCell(cell, Outcome::kErrorOverflow, buckets)); overflow != 0) {
    tool.error_types.emplace_back(kOverflowName, overflow);
    tool.failed_calls += overflow;
  }
  for (Offset at = cell.errors.load(std::memory_order_acquire); at != 0;) {
    const ErrorCell* error = segment.At<ErrorCell>(at);
    if (const uint64_t count = add(error->histogram()); count != 0) {
      tool.error_types.emplace_back(segment.StringAt(error->name.load(std::memory_order_relaxed)), count);
      tool.failed_calls += count;
    }
    at = error->next.load(std::memory_order_relaxed);
  }
  std::sort(tool.error_types.begin(), tool.error_types.end());
  tool.total_latency_ms = nanos / kNanosPerMilli;
  const InFlightState in_flight = ReadInFlight(segment, cell.in_flight, cell.spill);
  tool.in_progress = in_flight.calls;
  if (in_flight.oldest_start_ticks != 0) {
    tool.oldest_in_progress_ms =
        static_cast<double>(Clock::ElapsedNs(in_flight.oldest_start_ticks, Clock::Ticks())) / kNanosPerMilli;
  }
  tool.window_ms = Statistics(cell.window, tool.total_calls());
  if (cell.first_item.ring.load(std::memory_order_acquire) != 0) {
    tool.first_item_ms = Statistics(cell.first_item, std::nullopt);
  }
  return tool;
}

std::optional<ToolSnapshot> SnapshotReader::ReadTool(std::string_view name) {
  const ToolMetrics* tool = collector_.FindTool(name);
  if (tool == nullptr) return std::nullopt;
  ToolSnapshot snapshot = Collect(name, tool->cell());
  if (name == kOverflowName && IsIdle(snapshot)) return std::nullopt;
  return snapshot;
}

std::optional<CacheSnapshot> SnapshotReader::ReadCache(std::string_view name) {
  const CacheMetrics* cache = collector_.FindCache(name);
  if (cache == nullptr) return std::nullopt;
  CacheSnapshot snapshot = CollectCache(name, cache->cell());
  if (name == kOverflowName && IsIdle(snapshot)) return std::nullopt;
  return snapshot;
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
  ForEachSeries(segment, [&](const DirectoryView& series) {
    const bool overflow = series.name == kOverflowName;
    if (series.kind == SeriesKind::kTool) {
      ToolSnapshot tool = Collect(series.name, *segment.At<ToolCell>(series.cell));
      if (!overflow || !IsIdle(tool)) snapshot->tools.push_back(std::move(tool));
    } else if (series.kind == SeriesKind::kCache) {
      CacheSnapshot cache = CollectCache(series.name, *segment.At<CacheCell>(series.cell));
      if (!overflow || !IsIdle(cache)) snapshot->caches.push_back(std::move(cache));
    }
  });
  SortByName(snapshot->tools);
  SortByName(snapshot->caches);
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
