// The collector: what a tool server records, in one place per process.
// Floor: collector.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/hash_table.h"
#include "collector/tool_metrics.h"
#include "metrics/quantiles.h"
#include "registry/instrument_store.h"
#include "registry/series_budget.h"
#include "store/segment_place.h"

namespace toolvitals {

// The default upper bounds of the duration buckets, in seconds: those of OpenTelemetry's conventions for MCP,
// continued downward.
inline constexpr std::array<double, 17> kDefaultDurationBounds = {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
                                                                  1,     2,      5,     10,   30,   60,   120, 300};

struct CollectorOptions {
  uint64_t window_size = kDefaultWindowSize;
  QuantileMethod quantile_method = QuantileMethod::kExclusive;
  uint64_t max_series = kDefaultSeries;
  uint64_t memory_limit_mb = kDefaultMemoryLimitMb;
  std::string name_prefix;         // put before the tool and cache families
  std::string window_label = "q";  // of the families of windows; "quantile" was its name before
};

// Thread-safe. Handles stay valid for the life of the collector. Looking a handle up takes a mutex that is never held
// while waiting for anything; recording through a handle takes none.
class Collector {
 public:
  // InvalidArgument for options out of range; ResourceExhausted where memory is denied.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(const CollectorOptions& options);

  // Makes the process's collector with default options. Idempotent, thread-safe. The collector is never destroyed, so
  // threads may record until the very end; its cells are zeroed in the child of a fork().
  static absl::Status InitGlobal();
  // The process's collector; InitGlobal() has returned OK.
  static Collector& Global();

  // The handle of a name that CheckName() passed; the overflow handle where a budget is spent.
  ToolMetrics& Tool(std::string_view name);
  CacheMetrics& Cache(std::string_view name);
  // The same without making one; nullptr for a name that was never recorded.
  ToolMetrics* FindTool(std::string_view name);
  CacheMetrics* FindCache(std::string_view name);

  // The histogram of a tool's calls that failed with this type of error, at most kMaxNameBytes of valid UTF-8; the
  // tool's overflow histogram where a budget is spent.
  HistogramCell& ErrorType(ToolMetrics& tool, std::string_view error_type);

  // Notes, for TakeFolds(), that a label set of an instrument goes to its overflow series.
  void NoteFold(std::string_view family, FoldReason reason, uint64_t limit);
  // The families that began to fold new label sets into their overflow series, each once.
  std::vector<Fold> TakeFolds();
  bool has_folds() const { return series_budget_.folds().has_news(); }

  // Gives the tool a window for the time to the first item. Idempotent.
  void KeepFirstItems(ToolMetrics& tool);

  // Takes new options for a collector in use: windows keep their samples, the budget of bytes moves in place.
  // InvalidArgument or ResourceExhausted leave the old ones in force.
  absl::Status Configure(const CollectorOptions& options);
  CollectorOptions options() const;

  // Zeroes every count and forgets every sample. Calls in flight stay so. A record made at the same time is counted
  // before or after.
  void Reset();

  void CountDropped(DropReason reason) {
    segment_->header().dropped[static_cast<size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
  }
  void CountScrape(uint64_t nanos) {
    segment_->header().scrape_ns_sum.fetch_add(nanos, std::memory_order_relaxed);
    segment_->header().scrapes.fetch_add(1, std::memory_order_relaxed);
  }

  // Moves what is recorded to where other processes read it, at the same addresses; records made before go with it.
  // From here on what forked children record goes there too. Whoever records meanwhile has to be kept out, as the GIL
  // does. On an error everything stays as it was: PermissionDenied, ResourceExhausted or FailedPrecondition name what
  // is wrong. Only once: AlreadyExists for another place.
  absl::Status Share(std::shared_ptr<SegmentPlace> place);

  // Where the segment lies, and where those of forked children do.
  struct Sharing {
    std::shared_ptr<SegmentPlace> place;
    std::string name;         // of the own segment there; empty: it is not there
    bool is_founder = false;  // of a group that the own segment is not in, and nobody else reads
  };
  Sharing sharing() const;
  // From here on forked children are this process's to show, not its parent's.
  void FoundGroup();
  // The opposite of Share(), for nobody else may write meanwhile either: what was recorded stays in the directory, as
  // that of a process that has ended, and the store goes on in private memory. Nothing where it is in no directory.
  absl::Status Leave();
  // Called before each fork, outside of all locks.
  void SetBeforeFork(void (*before_fork)()) { before_fork_.store(before_fork, std::memory_order_release); }
  // Families of instruments that programs make for themselves.
  InstrumentStore& instruments() { return instruments_; }

  Segment& segment() { return *segment_; }
  const Segment& segment() const { return *segment_; }
  QuantileMethod quantile_method() const { return quantile_method_.load(std::memory_order_relaxed); }
  uint64_t started_ns() const { return segment_->header().started_ns.load(std::memory_order_relaxed); }

 private:
  Collector(std::unique_ptr<Segment> segment, const CollectorOptions& options, HistogramBounds buckets_ms);

  static void LockForFork();
  static void UnlockInParent();
  static void StartAfreshInChild();
  // Makes the copy that the child is going to have, before there is one: after that the parent goes on recording.
  void PrepareChild() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void BecomeChild() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where the samples of windows are: a child begins without them.
  std::vector<Segment::Blank> Samples() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Status MakeOverflow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes a cell complete and shows it under that name; false where the budget of bytes is spent. Allocates nothing but
  // of the segment, which takes nothing back.
  bool MakeTool(std::string name, Offset cell, std::optional<ToolMetrics>& tool) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  HistogramCell* FindErrorType(const ToolCell& cell, std::string_view error_type);
  Offset MakeRing(uint64_t window_size);
  bool GrowWindow(WindowCell& window, uint64_t window_size);
  absl::Status GrowWindows(uint64_t window_size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ResetAll(bool after_fork) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::unique_ptr<Segment> segment_;
  const HistogramBounds buckets_ms_;  // upper bounds in milliseconds that decide exactly as the bounds in seconds do
  SeriesBudget series_budget_;
  std::atomic<QuantileMethod> quantile_method_;

  mutable absl::Mutex mutex_;
  InstrumentStore instruments_;
  CollectorOptions options_ ABSL_GUARDED_BY(mutex_);
  Sharing sharing_ ABSL_GUARDED_BY(mutex_);
  // What was prepared for a child that is about to be forked: a place among others, or else memory of its own.
  std::optional<ClaimedRegion> child_region_ ABSL_GUARDED_BY(mutex_);
  std::vector<char> child_image_ ABSL_GUARDED_BY(mutex_);
  std::atomic<void (*)()> before_fork_{nullptr};
  // Made in place, where they stay. Nobody sees one that is not there yet: that is over when the mutex is given up.
  HashMap<std::string, std::optional<ToolMetrics>> tools_ ABSL_GUARDED_BY(mutex_);
  HashMap<std::string, std::optional<CacheMetrics>> caches_ ABSL_GUARDED_BY(mutex_);
  // Made when the collector is, so that there is always room for them. Snapshots show them once they hold something.
  std::optional<ToolMetrics> overflow_tool_;
  std::optional<CacheMetrics> overflow_cache_;
};

}  // namespace toolvitals
