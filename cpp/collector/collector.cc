// Making series, configuring, resetting, forking.
// Floor: collector.
#include "collector/collector.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/fork_hooks.h"
#include "registry/names.h"
#include "store/counting_times.h"
#include "store/fork_group.h"

namespace toolvitals {
namespace {

std::atomic<Collector*> global_collector{nullptr};

absl::Status CheckRange(std::string_view what, uint64_t value, uint64_t min, uint64_t max) {
  if (value >= min && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(absl::string_view(what.data(), what.size()), " is ", value, ", but must be ", min, " to ", max));
}

absl::Status CheckOptions(const CollectorOptions& options) {
  absl::Status status = CheckRange("window_size", options.window_size, kMinWindowSize, kMaxWindowSize);
  status.Update(CheckRange("max_series", options.max_series, kMinSeries, kMaxSeries));
  status.Update(CheckRange("memory_limit_mb", options.memory_limit_mb, kMinMemoryLimitMb, kMaxMemoryLimitMb));
  return status;
}

// The largest number of milliseconds that, divided by a thousand, is not above the bound in seconds. Comparing with it
// decides every double as the division would, and saves the division from each record.
double MillisFor(double bound_seconds) {
  constexpr double kMillis = 1000.0;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double millis = bound_seconds * kMillis;
  while (millis / kMillis > bound_seconds) millis = std::nextafter(millis, 0.0);
  while (std::nextafter(millis, kInfinity) / kMillis <= bound_seconds) millis = std::nextafter(millis, kInfinity);
  return millis;
}

absl::StatusOr<HistogramBounds> BoundsInMillis() {
  std::vector<double> millis;
  for (const double bound : kDefaultDurationBounds) millis.push_back(MillisFor(bound));
  return HistogramBounds::Make(millis);
}

// A number that the processes of one service share, and hardly ever those of two (FNV-1a, 64 bits).
uint64_t ServiceNumber(std::string_view name_prefix) {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : name_prefix) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3;
  return hash;
}

// As the header has it; zeros for what is no number.
constexpr uint64_t VersionNumber(std::string_view version) {
  uint64_t numbers[3] = {};
  size_t place = 0;
  for (const char c : version) {
    if (c == '.' && place < 2) {
      ++place;
    } else if (c >= '0' && c <= '9') {
      numbers[place] = numbers[place] * 10 + static_cast<uint64_t>(c - '0');
    } else {
      break;
    }
  }
  return numbers[0] << 32 | numbers[1] << 16 | numbers[2];
}

std::string Copy(std::string_view text) { return std::string(text); }

}  // namespace

Collector::Collector(std::unique_ptr<Segment> segment, const CollectorOptions& options, HistogramBounds buckets_ms)
    : segment_(std::move(segment)),
      buckets_ms_(std::move(buckets_ms)),
      series_budget_(*segment_, options.max_series),
      quantile_method_(options.quantile_method),
      instruments_(*segment_, series_budget_, mutex_),
      options_(options) {
  SegmentHeader& header = segment_->header();
  header.clock_source.store(static_cast<uint64_t>(Clock::source()), std::memory_order_relaxed);
  header.ns_per_tick_q32.store(Clock::ns_per_tick_q32(), std::memory_order_relaxed);
  header.max_series.store(options.max_series, std::memory_order_relaxed);
  header.window_size.store(options.window_size, std::memory_order_relaxed);
  header.service.store(ServiceNumber(options.name_prefix), std::memory_order_relaxed);
  header.package_version.store(VersionNumber(TOOLVITALS_VERSION), std::memory_order_relaxed);
  header.histogram_bounds.store(kDefaultDurationBounds.size(), std::memory_order_relaxed);
  for (size_t i = 0; i < kDefaultDurationBounds.size(); ++i) {
    header.bounds[i].store(std::bit_cast<uint64_t>(kDefaultDurationBounds[i]), std::memory_order_relaxed);
  }
}

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(const CollectorOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  Clock::Calibrate();
  absl::StatusOr<HistogramBounds> buckets_ms = BoundsInMillis();
  if (!buckets_ms.ok()) return buckets_ms.status();
  absl::StatusOr<std::unique_ptr<Segment>> segment = Segment::CreateAnonymous(options.memory_limit_mb << 20);
  if (!segment.ok()) return segment.status();
  std::unique_ptr<Collector> collector(new Collector(*std::move(segment), options, *std::move(buckets_ms)));
  absl::MutexLock lock(&collector->mutex_);
  if (absl::Status status = collector->MakeOverflow(); !status.ok()) return status;
  return collector;
}

absl::Status Collector::InitGlobal() {
  static absl::Mutex once(absl::kConstInit);
  absl::MutexLock lock(&once);
  if (global_collector.load(std::memory_order_relaxed) != nullptr) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<Collector>> made = Create({});
  if (!made.ok()) return made.status();
  static constexpr ForkHook kHook = {&LockForFork, &UnlockInParent, &StartAfreshInChild};
  if (absl::Status status = SetForkHook(ForkPlace::kCollector, &kHook); !status.ok()) return status;
  global_collector.store(made->release(), std::memory_order_release);
  return absl::OkStatus();
}

Collector& Collector::Global() { return *global_collector.load(std::memory_order_acquire); }

// A fork may not catch the mutex held by a thread that will not exist in the child.
void Collector::LockForFork() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Collector* collector = global_collector.load(std::memory_order_acquire);
  if (collector == nullptr) return;
  if (auto* before_fork = collector->before_fork_.load(std::memory_order_acquire)) before_fork();
  collector->mutex_.Lock();
  collector->PrepareChild();
}

void Collector::UnlockInParent() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Collector* collector = global_collector.load(std::memory_order_acquire);
  if (collector == nullptr) return;
  // The child has a copy of the descriptor, and with it the lock.
  collector->child_region_.reset();
  collector->child_image_ = {};
  collector->mutex_.Unlock();
}

// The child's segment is its own at the same addresses, so its handles stay valid and only the counts must go.
void Collector::StartAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  Collector* collector = global_collector.load(std::memory_order_acquire);
  if (collector == nullptr) return;
  collector->BecomeChild();
  MakeAnewInChild(collector->mutex_);
}

std::vector<Segment::Blank> Collector::Samples() {
  std::vector<Segment::Blank> samples;
  const auto add = [&](const Word& word) {
    const Offset ring = word.load(std::memory_order_relaxed);
    if (ring == 0) return;
    const uint64_t capacity = segment_->At<RingRecord>(ring)->capacity.load(std::memory_order_relaxed);
    samples.push_back({ring + offsetof(RingRecord, slots), capacity * sizeof(Word)});
  };
  ForEachSeries(*segment_, [&](const DirectoryView& series) {
    if (series.kind != SeriesKind::kTool) return;
    const ToolCell& cell = *segment_->At<ToolCell>(series.cell);
    add(cell.window.ring);
    add(cell.first_item.ring);
  });
  instruments_.ForEachRing(add);
  return samples;
}

void Collector::PrepareChild() {
  child_region_.reset();
  child_image_ = {};
  if (sharing_.place == nullptr) {
    absl::StatusOr<std::shared_ptr<ForkGroup>> group = ForkGroup::Found();
    if (group.ok()) sharing_ = {*std::move(group), "", /*is_founder=*/true};
  }
  const std::vector<Segment::Blank> blanks = Samples();
  if (sharing_.place != nullptr) {
    absl::StatusOr<ClaimedRegion> claimed = sharing_.place->Claim();
    if (claimed.ok() && segment_->CopyTo(claimed->region, blanks).ok()) {
      child_region_ = *std::move(claimed);
      return;
    }
  }
  segment_->header().unshared.fetch_add(1, std::memory_order_relaxed);
  // Private memory is copied by the fork itself; what is shared would stay so.
  if (segment_->is_shared()) child_image_ = segment_->Copy(blanks);
}

void Collector::BecomeChild() {
  std::string name;
  if (child_region_.has_value()) {
    if (segment_->Adopt(std::move(child_region_->region)).ok()) name = std::move(child_region_->name);
  } else if (!child_image_.empty()) {
    segment_->AdoptPrivately(child_image_).IgnoreError();
  }
  ResetAll(/*after_fork=*/true);
  series_budget_.folds().Drop();
  // Only now, so that nobody takes the parent's counts for the child's.
  if (!name.empty() && !sharing_.place->Publish(name).ok()) name.clear();
  sharing_.name = std::move(name);
  sharing_.is_founder = false;
  child_region_.reset();
  child_image_ = {};
}

absl::Status Collector::Share(std::shared_ptr<SegmentPlace> place) {
  absl::MutexLock lock(&mutex_);
  if (sharing_.place != nullptr && dynamic_cast<ForkGroup*>(sharing_.place.get()) == nullptr) {
    return absl::AlreadyExistsError("the metrics are shared elsewhere already");
  }
  absl::StatusOr<ClaimedRegion> claimed = place->Claim();
  if (!claimed.ok()) return claimed.status();
  if (absl::Status status = segment_->CopyTo(claimed->region, {}); !status.ok()) return status;
  if (absl::Status status = segment_->Adopt(std::move(claimed->region)); !status.ok()) return status;
  instruments_.OwnAll();
  if (absl::Status status = place->Publish(claimed->name); !status.ok()) return status;
  sharing_ = {std::move(place), std::move(claimed->name), /*is_founder=*/false};
  return absl::OkStatus();
}

absl::Status Collector::Leave() {
  absl::MutexLock lock(&mutex_);
  if (sharing_.place == nullptr || dynamic_cast<ForkGroup*>(sharing_.place.get()) != nullptr) {
    return absl::OkStatus();
  }
  const std::vector<char> image = segment_->Copy({});
  if (absl::Status status = segment_->AdoptPrivately(image); !status.ok()) return status;
  sharing_ = {};
  return absl::OkStatus();
}

Collector::Sharing Collector::sharing() const {
  absl::MutexLock lock(&mutex_);
  return sharing_;
}

void Collector::FoundGroup() {
  absl::MutexLock lock(&mutex_);
  const bool is_group = dynamic_cast<ForkGroup*>(sharing_.place.get()) != nullptr;
  if (!is_group || sharing_.is_founder) return;
  // A daemon closes what it inherited, and a file in memory cannot be opened again: then its store could not grow.
  if (segment_->is_shared() && !segment_->KeepFileOpen()) {
    const std::vector<char> image = segment_->Copy({});
    if (!segment_->AdoptPrivately(image).ok()) return;
  }
  sharing_ = {};
}

absl::Status Collector::MakeOverflow() {
  const Offset tool = segment_->Allocate(ToolCell::Bytes(buckets_ms_.buckets()));
  const Offset cache = segment_->Allocate(sizeof(CacheCell));
  if (tool != 0 && cache != 0) {
    MakeTool(Copy(kOverflowName), tool, overflow_tool_);
    if (AppendToDirectory(*segment_, SeriesKind::kCache, kOverflowName, cache)) {
      overflow_cache_.emplace(Copy(kOverflowName), *segment_->At<CacheCell>(cache));
    }
  }
  if (overflow_tool_.has_value() && overflow_cache_.has_value()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("memory_limit_mb ", options_.memory_limit_mb,
                                                 " cannot hold one tool with window_size ", options_.window_size));
}

Offset Collector::MakeRing(uint64_t window_size) {
  const uint64_t capacity = RingRecord::CapacityFor(window_size);
  const Offset ring = segment_->Allocate(RingRecord::Bytes(capacity));
  if (ring != 0) segment_->At<RingRecord>(ring)->capacity.store(capacity, std::memory_order_relaxed);
  return ring;
}

bool Collector::MakeTool(std::string name, Offset cell, std::optional<ToolMetrics>& tool) {
  const Offset ring = MakeRing(options_.window_size);
  if (ring == 0) return false;
  ToolCell& words = *segment_->At<ToolCell>(cell);
  words.window.ring.store(ring, std::memory_order_release);
  if (!AppendToDirectory(*segment_, SeriesKind::kTool, name, cell)) return false;
  tool.emplace(std::move(name), *segment_, buckets_ms_, words);
  return true;
}

ToolMetrics& Collector::Tool(std::string_view name) {
  if (name == kOverflowName) return *overflow_tool_;
  absl::MutexLock lock(&mutex_);
  const auto found = tools_.find(name);
  if (found != tools_.end()) return *found->second;
  // What may fail for want of memory comes first: the segment takes nothing back.
  std::string own_name = Copy(name);
  const auto made = tools_.try_emplace(own_name).first;
  const Offset cell = series_budget_.Reserve(ToolCell::Bytes(buckets_ms_.buckets()));
  if (cell != 0 && MakeTool(std::move(own_name), cell, made->second)) return *made->second;
  tools_.erase(made);
  if (cell != 0) series_budget_.Cancel();
  series_budget_.NoteSpent(options_.name_prefix + "tool_calls");
  return *overflow_tool_;
}

CacheMetrics& Collector::Cache(std::string_view name) {
  if (name == kOverflowName) return *overflow_cache_;
  absl::MutexLock lock(&mutex_);
  const auto found = caches_.find(name);
  if (found != caches_.end()) return *found->second;
  // As for a tool.
  std::string own_name = Copy(name);
  const auto made = caches_.try_emplace(own_name).first;
  const Offset cell = series_budget_.Reserve(sizeof(CacheCell));
  if (cell == 0 || !series_budget_.Publish(SeriesKind::kCache, name, cell)) {
    caches_.erase(made);
    series_budget_.NoteSpent(options_.name_prefix + "cache_requests");
    return *overflow_cache_;
  }
  return made->second.emplace(std::move(own_name), *segment_->At<CacheCell>(cell));
}

ToolMetrics* Collector::FindTool(std::string_view name) {
  if (name == kOverflowName) return &*overflow_tool_;
  absl::MutexLock lock(&mutex_);
  const auto found = tools_.find(name);
  return found == tools_.end() ? nullptr : &*found->second;
}

CacheMetrics* Collector::FindCache(std::string_view name) {
  if (name == kOverflowName) return &*overflow_cache_;
  absl::MutexLock lock(&mutex_);
  const auto found = caches_.find(name);
  return found == caches_.end() ? nullptr : &*found->second;
}

HistogramCell* Collector::FindErrorType(const ToolCell& cell, std::string_view error_type) {
  // Pairs with the release in ErrorType(): a linked cell is complete.
  for (Offset at = cell.errors.load(std::memory_order_acquire); at != 0;) {
    ErrorCell* error = segment_->At<ErrorCell>(at);
    if (segment_->StringAt(error->name.load(std::memory_order_relaxed)) == error_type) return &error->histogram();
    at = error->next.load(std::memory_order_relaxed);
  }
  return nullptr;
}

HistogramCell& Collector::ErrorType(ToolMetrics& tool, std::string_view error_type) {
  ToolCell& cell = tool.cell();
  HistogramCell& overflow = tool.outcome(Outcome::kErrorOverflow);
  if (error_type == kOverflowName) return overflow;
  if (HistogramCell* known = FindErrorType(cell, error_type)) return *known;
  absl::MutexLock lock(&mutex_);
  if (HistogramCell* known = FindErrorType(cell, error_type)) return *known;
  const auto family = [&] { return options_.name_prefix + "tool_call_errors"; };
  if (cell.error_types.load(std::memory_order_relaxed) >= kMaxErrorTypesPerTool) {
    series_budget_.folds().Note(family(), FoldReason::kErrorTypes, kMaxErrorTypesPerTool);
    return overflow;
  }
  const Offset made = series_budget_.Reserve(ErrorCell::Bytes(buckets_ms_.buckets()));
  const Offset name = made == 0 ? 0 : segment_->AllocateString(error_type);
  if (name == 0) {
    if (made != 0) series_budget_.Cancel();
    series_budget_.NoteSpent(family());
    return overflow;
  }
  ErrorCell& error = *segment_->At<ErrorCell>(made);
  error.name.store(name, std::memory_order_relaxed);
  error.next.store(cell.errors.load(std::memory_order_relaxed), std::memory_order_relaxed);
  cell.error_types.fetch_add(1, std::memory_order_relaxed);
  cell.errors.store(made, std::memory_order_release);
  return error.histogram();
}

void Collector::NoteFold(std::string_view family, FoldReason reason, uint64_t limit) {
  absl::MutexLock lock(&mutex_);
  series_budget_.folds().Note(family, reason, limit);
}

std::vector<Fold> Collector::TakeFolds() {
  absl::MutexLock lock(&mutex_);
  return series_budget_.folds().Take();
}

void Collector::KeepFirstItems(ToolMetrics& tool) {
  absl::MutexLock lock(&mutex_);
  Word& ring = tool.cell().first_item.ring;
  if (ring.load(std::memory_order_relaxed) == 0) {
    ring.store(MakeRing(options_.window_size), std::memory_order_release);
  }
}

bool Collector::GrowWindow(WindowCell& window, uint64_t window_size) {
  const Offset before = window.ring.load(std::memory_order_relaxed);
  if (before == 0) return true;
  RingRecord& old_ring = *segment_->At<RingRecord>(before);
  const uint64_t old_capacity = old_ring.capacity.load(std::memory_order_relaxed);
  if (old_capacity >= window_size) return true;
  const Offset made = MakeRing(window_size);
  if (made == 0) return false;
  RingRecord& ring = *segment_->At<RingRecord>(made);
  const uint64_t mask = ring.capacity.load(std::memory_order_relaxed) - 1;
  const auto [cursor, start] = window.position();
  for (uint64_t index = cursor - std::min(cursor, old_capacity); index < cursor; ++index) {
    ring.slots[index & mask].store(old_ring.slots[index & (old_capacity - 1)].load(std::memory_order_relaxed),
                                   std::memory_order_relaxed);
  }
  window.ring.store(made, std::memory_order_release);
  return true;
}

absl::Status Collector::GrowWindows(uint64_t window_size) {
  bool grown = GrowWindow(overflow_tool_->cell().window, window_size);
  for (auto& [name, tool] : tools_) {
    grown = grown && GrowWindow(tool->cell().window, window_size) && GrowWindow(tool->cell().first_item, window_size);
  }
  if (grown) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("window_size ", window_size, " for ", tools_.size(),
                                                   " tools does not fit into the memory limit of ",
                                                   segment_->budget_bytes() >> 20, " MB"));
}

absl::Status Collector::Configure(const CollectorOptions& options) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  const uint64_t budget_before = segment_->budget_bytes();
  if (absl::Status status = segment_->SetBudget(options.memory_limit_mb << 20); !status.ok()) return status;
  if (absl::Status status = GrowWindows(options.window_size); !status.ok()) {
    segment_->SetBudget(budget_before).IgnoreError();
    return status;
  }
  segment_->header().window_size.store(options.window_size, std::memory_order_relaxed);
  segment_->header().max_series.store(options.max_series, std::memory_order_relaxed);
  segment_->header().service.store(ServiceNumber(options.name_prefix), std::memory_order_relaxed);
  quantile_method_.store(options.quantile_method, std::memory_order_relaxed);
  series_budget_.set_max_series(options.max_series);
  options_ = options;
  return absl::OkStatus();
}

CollectorOptions Collector::options() const {
  absl::MutexLock lock(&mutex_);
  return options_;
}

void Collector::Reset() {
  absl::MutexLock lock(&mutex_);
  ResetAll(/*after_fork=*/false);
  // Behind the zeros: what a baseline had of before counts no more, and must not be taken away from what comes.
  segment_->header().resets.fetch_add(1, std::memory_order_release);
  NoteReset(segment_->header());
}

void Collector::ResetAll(bool after_fork) {
  const size_t buckets = buckets_ms_.buckets();
  const auto reset_window = [&](WindowCell& window) {
    const Offset ring = window.ring.load(std::memory_order_relaxed);
    if (ring == 0) return;
    if (after_fork) {
      // Writing every slot would copy every page; in the child's only thread no sample is between claim and store.
      window.start.store(window.cursor.load(std::memory_order_relaxed), std::memory_order_relaxed);
    } else {
      window.Reset(*segment_->At<RingRecord>(ring));
    }
  };
  const auto reset_tool = [&](ToolCell& cell) {
    for (size_t outcome = 0; outcome < kOutcomes; ++outcome) {
      OutcomeCell(cell, static_cast<Outcome>(outcome), buckets).Reset(buckets);
    }
    for (Offset at = cell.errors.load(std::memory_order_acquire); at != 0;) {
      ErrorCell* error = segment_->At<ErrorCell>(at);
      error->histogram().Reset(buckets);
      at = error->next.load(std::memory_order_relaxed);
    }
    reset_window(cell.window);
    reset_window(cell.first_item);
    if (after_fork) ForgetInFlight(*segment_, cell.in_flight, cell.spill);
  };
  ForEachSeries(*segment_, [&](const DirectoryView& series) {
    if (series.kind == SeriesKind::kTool) reset_tool(*segment_->At<ToolCell>(series.cell));
    if (series.kind == SeriesKind::kCache) {
      CacheCell& cache = *segment_->At<CacheCell>(series.cell);
      for (Word* word : {&cache.hits, &cache.misses, &cache.evictions, &cache.size_rejections}) {
        word->store(0, std::memory_order_relaxed);
      }
    }
  });
  instruments_.ResetAll(after_fork);
  SegmentHeader& header = segment_->header();
  for (Word& dropped : header.dropped) dropped.store(0, std::memory_order_relaxed);
  header.scrapes.store(0, std::memory_order_relaxed);
  header.scrape_ns_sum.store(0, std::memory_order_relaxed);
  if (!after_fork) return;
  header.unshared.store(0, std::memory_order_relaxed);
  // The endpoints are the parent's.
  header.json_port.store(0, std::memory_order_relaxed);
  header.prometheus_port.store(0, std::memory_order_relaxed);
  segment_->TakeOwnership();
}

}  // namespace toolvitals
