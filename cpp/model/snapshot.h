// What the service looked like at one instant: plain values, no names of cells, no locks, no pointers into a segment.
// Floor: model. Readers (render, serve, Python) see this and nothing below it.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/family_snapshot.h"

namespace toolvitals {

// A value that was not measured. JSON shows null, Prometheus omits the sample.
inline constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

// The quantiles that every window reports, and their places in WindowStats::quantiles.
inline constexpr std::array<double, 5> kWindowQuantiles = {0.5, 0.75, 0.9, 0.95, 0.99};

// Statistics of one sliding window, in milliseconds. Fields that need more samples than there are hold kAbsent:
// mean, min and max need one, stddev and the quantiles two.
struct WindowStats {
  uint64_t count = 0;
  double mean = kAbsent;
  double stddev = kAbsent;
  double min = kAbsent;
  double max = kAbsent;
  std::array<double, 5> quantiles = {kAbsent, kAbsent, kAbsent, kAbsent, kAbsent};
};

struct ToolSnapshot {
  std::string name;
  uint64_t successful_calls = 0;
  uint64_t failed_calls = 0;
  uint64_t cancelled_calls = 0;
  uint64_t in_progress = 0;
  double oldest_in_progress_ms = kAbsent;
  double total_latency_ms = 0;
  WindowStats window_ms;
  std::optional<WindowStats> first_item_ms;  // only for tools that yield
  // Calls per bucket, not cumulative; the last is the +Inf bucket. Sums to total_calls().
  std::vector<uint64_t> duration_buckets;
  // Sorted by error type. Errors recorded without a type are in failed_calls alone.
  std::vector<std::pair<std::string, uint64_t>> error_types;

  uint64_t total_calls() const { return successful_calls + failed_calls + cancelled_calls; }
};

struct CacheSnapshot {
  std::string name;
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t evictions = 0;
  uint64_t size_rejections = 0;
};

// What the kernel says of this process; named as Prometheus' guidelines for client libraries name process metrics.
struct ProcessSnapshot {
  int64_t pid = 0;
  double cpu_seconds = 0;
  uint64_t resident_memory_bytes = 0;
  uint64_t virtual_memory_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  uint64_t threads = 0;
  double start_time_seconds = 0;  // Unix time
};

struct GcGenerationSnapshot {
  uint64_t collections = 0;
  uint64_t objects_collected = 0;
  uint64_t objects_uncollectable = 0;
};

struct PythonSnapshot {
  std::string implementation;  // "CPython"; empty in a program without an interpreter
  std::string version;         // "3.11.7"
  std::string major, minor, patchlevel;
  std::vector<GcGenerationSnapshot> gc;  // one per generation
};

// A label value that a family had no room for: `count` label sets with it were refused, give or take `error` too many.
struct OffenderSnapshot {
  std::string family, label, value;
  uint64_t count = 0;
  uint64_t error = 0;
};

// How a collector fares that is not the core's own; several of one name are one.
struct CollectorSnapshot {
  std::string name;
  uint64_t failures = 0;
  uint64_t hangs = 0;                // how often it took longer than it may
  double hanging_seconds = kAbsent;  // for how long it has been running now, where that is longer than it may
  double age_seconds = kAbsent;      // since it last succeeded; absent where it never did
};

// How toolvitals itself is doing.
struct SelfSnapshot {
  std::string version;
  std::vector<std::pair<std::string, uint64_t>> dropped_records;  // reason -> count, sorted by reason
  uint64_t series = 0;
  uint64_t memory_bytes = 0;
  uint64_t max_series = 0;  // what the process that answers may have of both
  uint64_t max_memory_bytes = 0;
  uint64_t scrapes = 0;  // scrapes answered so far
  double scrape_seconds_sum = 0;
  std::vector<CollectorSnapshot> collectors;  // sorted by name
  uint64_t stale_reads = 0;                   // how often a source's values were shown that were too old
  // Records that went to a family's overflow series: family -> count, sorted by family.
  std::vector<std::pair<std::string, uint64_t>> overflowed_records;
  std::vector<OffenderSnapshot> offenders;  // the busiest first
  uint64_t live_processes = 1;              // that record into what is shown
  uint64_t retired_processes = 0;           // that did, and have ended
  uint64_t unshared_processes = 0;          // forked children whose records nobody but they can see
  // Files among the segments that are not read: reason -> how many, sorted by reason.
  std::vector<std::pair<std::string, uint64_t>> refused_segments;
  // Processes whose family is not like the one of its name that is shown: family -> how many, sorted by family.
  std::vector<std::pair<std::string, uint64_t>> merge_conflicts;
};

struct Snapshot {
  int64_t timestamp_us = 0;  // Unix time, microseconds
  int64_t created_us = 0;    // since when what is shown is counted: the first process's beginning, or the last reset
  double uptime_seconds = 0;
  uint64_t window_size = 0;
  std::string name_prefix;         // METRICS_NAMESPACE with its underscore ("myapp_"), or empty
  std::string window_label = "q";  // METRICS_WINDOW_LABEL: the label of a window's quantiles
  // Upper bounds of the duration buckets in seconds, ascending, without +Inf.
  std::shared_ptr<const std::vector<double>> duration_bounds;
  std::vector<ToolSnapshot> tools;         // sorted by name
  std::vector<CacheSnapshot> caches;       // sorted by name
  std::vector<FamilySnapshot> families;    // of instruments and of sources, in the order they were made
  ProcessSnapshot process;                 // of several processes, what adds up is added up; the rest is the reader's
  std::vector<ProcessSnapshot> processes;  // those of them that live; empty where the service is one process
  PythonSnapshot python;
  SelfSnapshot self;
};

}  // namespace toolvitals
