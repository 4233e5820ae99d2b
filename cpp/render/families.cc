// Listing every family of a snapshot, one after the other, written out by hand.
// Floor: render.
#include "render/families.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <string_view>

#include "base/hash_table.h"
#include "render/numbers.h"

namespace toolvitals {
namespace {

constexpr double kMillisPerSecond = 1000;

// What the lines that are not of a tool or cache take, and what a line takes beside its labels.
constexpr size_t kExpectedBytes = 8192;
constexpr size_t kExpectedLineBytes = 88;
// Lines of a tool beside its buckets and errors, lines of a cache.
constexpr size_t kToolLines = 3 + 2 + 5 + 1 + 1;
constexpr size_t kCacheLines = 5;

// What is written before it is asked again whether that is enough: parts of a family of ours, lines of others.
constexpr size_t kPartsAtATime = 32;
constexpr size_t kLinesAtATime = 512;

}  // namespace

FamilyList::FamilyList(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink, Extent extent)
    : snapshot_(snapshot), options_(options), sink_(sink), extent_(extent) {
  ListTools();
  ListCaches();
  if (extent == Extent::kTools) return;
  ListProcess();
  ListPython();
  ListSelf();
}

template <typename Named>
std::vector<EncodedLabels> FamilyList::EncodeNames(std::string_view label, const std::vector<Named>& all) {
  std::vector<EncodedLabels> encoded;
  encoded.reserve(all.size());
  for (const Named& one : all) encoded.push_back(Encode({{label, one.name}}));
  return encoded;
}

void FamilyList::ListTools() {
  const size_t tools = snapshot_.tools.size();
  tools_ = EncodeNames("tool", snapshot_.tools);
  success_ = Encode({{"outcome", "success"}});
  error_ = Encode({{"outcome", "error"}});
  cancelled_ = Encode({{"outcome", "cancelled"}});
  for (size_t i = 0; i < kWindowQuantiles.size(); ++i) {
    std::array<char, kMaxDoubleChars> digits;
    const char* end = WriteGoDouble(kWindowQuantiles[i], digits.data());
    quantiles_[i] = Encode({{snapshot_.window_label, {digits.data(), static_cast<size_t>(end - digits.data())}}});
  }
  List(OfTools("tool_calls", FamilyType::kCounter, "Finished calls of a tool, by outcome."), tools,
       [](FamilyList& list, size_t i) {
         const ToolSnapshot& tool = list.snapshot_.tools[i];
         list.Value({list.tools_[i], list.success_}, tool.successful_calls);
         list.Value({list.tools_[i], list.error_}, tool.failed_calls);
         list.Value({list.tools_[i], list.cancelled_}, tool.cancelled_calls);
       });
  List(OfTools("tool_call_errors", FamilyType::kCounter, "Failed calls of a tool, by type of error."), tools,
       [](FamilyList& list, size_t i) {
         for (const auto& [type, count] : list.snapshot_.tools[i].error_types) {
           list.Value({list.tools_[i], list.Encode({{"error_type", type}})}, count);
         }
       });
  List(OfTools("tool_call_duration_seconds", FamilyType::kHistogram, "How long finished calls of a tool took.",
               "seconds"),
       tools, [](FamilyList& list, size_t i) {
         const ToolSnapshot& tool = list.snapshot_.tools[i];
         HistogramValue value;
         if (list.snapshot_.duration_bounds != nullptr) value.bounds = *list.snapshot_.duration_bounds;
         value.buckets = tool.duration_buckets;
         value.sum = tool.total_latency_ms / kMillisPerSecond;
         list.Histogram({list.tools_[i]}, value);
       });
  List(OfTools("tool_call_latency_window_seconds", FamilyType::kGauge,
               "Quantiles of the durations of a tool's most recent calls.", "seconds"),
       tools, [](FamilyList& list, size_t i) { list.Windows(i, &list.snapshot_.tools[i].window_ms); });
  List(OfTools("tool_first_item_latency_window_seconds", FamilyType::kGauge,
               "Quantiles of the times to the first item of a tool's most recent calls.", "seconds"),
       tools, [](FamilyList& list, size_t i) {
         const std::optional<WindowStats>& stats = list.snapshot_.tools[i].first_item_ms;
         list.Windows(i, stats.has_value() ? &*stats : nullptr);
       });
  List(OfTools("tool_calls_in_progress", FamilyType::kGauge, "Calls of a tool that are running."), tools,
       [](FamilyList& list, size_t i) { list.Value({list.tools_[i]}, list.snapshot_.tools[i].in_progress); });
  // Zero where nothing runs, so that no query finds nothing. Absent where calls run and it is not known since when.
  List(OfTools("tool_calls_oldest_in_progress_seconds", FamilyType::kGauge,
               "How long the oldest running call of a tool has been running, 0 where none is.", "seconds"),
       tools, [](FamilyList& list, size_t i) {
         const ToolSnapshot& tool = list.snapshot_.tools[i];
         const double oldest_ms = tool.in_progress == 0 ? 0 : tool.oldest_in_progress_ms;
         list.ValueUnlessAbsent({list.tools_[i]}, oldest_ms / kMillisPerSecond);
       });
}

void FamilyList::Windows(size_t tool, const WindowStats* stats) {
  if (stats == nullptr) return;
  for (size_t i = 0; i < quantiles_.size(); ++i) {
    ValueUnlessAbsent({tools_[tool], quantiles_[i]}, stats->quantiles[i] / kMillisPerSecond);
  }
}

void FamilyList::ListCaches() {
  const size_t caches = snapshot_.caches.size();
  caches_ = EncodeNames("cache", snapshot_.caches);
  hit_ = Encode({{"result", "hit"}});
  miss_ = Encode({{"result", "miss"}});
  List(OfTools("cache_requests", FamilyType::kCounter, "Requests to a cache, by result."), caches,
       [](FamilyList& list, size_t i) {
         list.Value({list.caches_[i], list.hit_}, list.snapshot_.caches[i].hits);
         list.Value({list.caches_[i], list.miss_}, list.snapshot_.caches[i].misses);
       });
  List(OfTools("cache_evictions", FamilyType::kCounter, "Entries that a cache gave up for others."), caches,
       [](FamilyList& list, size_t i) { list.Value({list.caches_[i]}, list.snapshot_.caches[i].evictions); });
  List(OfTools("cache_size_rejections", FamilyType::kCounter,
               "Entries that a cache did not take because of their size."),
       caches,
       [](FamilyList& list, size_t i) { list.Value({list.caches_[i]}, list.snapshot_.caches[i].size_rejections); });
  List(OfTools("cache_hit_ratio", FamilyType::kGauge, "Hits per request to a cache, 0 to 1.", "ratio"), caches,
       [](FamilyList& list, size_t i) {
         const CacheSnapshot& cache = list.snapshot_.caches[i];
         const uint64_t requests = cache.hits + cache.misses;
         if (requests == 0) return;
         list.Value({list.caches_[i]}, static_cast<double>(cache.hits) / static_cast<double>(requests));
       });
}

void FamilyList::ListProcess() {
  const auto list = [&](std::string_view name, FamilyType type, std::string_view help, std::string_view unit,
                        void (*write)(FamilyList&, size_t)) {
    List({"process_", name, type, help, unit}, std::max<size_t>(snapshot_.processes.size(), 1), write);
  };
  for (const ProcessSnapshot& process : snapshot_.processes) {
    processes_.push_back(Encode({{"pid", std::to_string(process.pid)}}));
  }
  list("cpu_seconds", FamilyType::kCounter, "Total user and system CPU time spent in seconds.", "seconds",
       [](FamilyList& l, size_t i) { l.Value(l.LabelsOfProcess(i), l.ProcessAt(i).cpu_seconds); });
  list("resident_memory_bytes", FamilyType::kGauge, "Resident memory size in bytes.", "bytes",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).resident_memory_bytes); });
  list("virtual_memory_bytes", FamilyType::kGauge, "Virtual memory size in bytes.", "bytes",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).virtual_memory_bytes); });
  list("start_time_seconds", FamilyType::kGauge, "Start time of the process since unix epoch in seconds.", "seconds",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).start_time_seconds); });
  list("open_fds", FamilyType::kGauge, "Number of open file descriptors.", "",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).open_fds); });
  list("max_fds", FamilyType::kGauge, "Maximum number of open file descriptors.", "",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).max_fds); });
  list("threads", FamilyType::kGauge, "Number of OS threads in the process.", "",
       [](FamilyList& l, size_t i) { l.ValueUnlessZero(l.LabelsOfProcess(i), l.ProcessAt(i).threads); });
}

// Of several processes each has its number as a label; of one alone it is left out.
SeriesLabels FamilyList::LabelsOfProcess(size_t i) const {
  return processes_.empty() ? SeriesLabels() : SeriesLabels({processes_[i]});
}

const ProcessSnapshot& FamilyList::ProcessAt(size_t i) const {
  return snapshot_.processes.empty() ? snapshot_.process : snapshot_.processes[i];
}

void FamilyList::ListPython() {
  const PythonSnapshot& python = snapshot_.python;
  if (python.implementation.empty()) return;
  const size_t generations = python.gc.size();
  for (size_t i = 0; i < generations; ++i) generations_.push_back(Encode({{"generation", std::to_string(i)}}));
  List({"python_gc_", "objects_collected", FamilyType::kCounter, "Objects collected during gc"}, generations,
       [](FamilyList& list, size_t i) {
         list.Value({list.generations_[i]}, list.snapshot_.python.gc[i].objects_collected);
       });
  List({"python_gc_", "objects_uncollectable", FamilyType::kCounter, "Uncollectable objects found during GC"},
       generations, [](FamilyList& list, size_t i) {
         list.Value({list.generations_[i]}, list.snapshot_.python.gc[i].objects_uncollectable);
       });
  List({"python_gc_", "collections", FamilyType::kCounter, "Number of times this generation was collected"},
       generations,
       [](FamilyList& list, size_t i) { list.Value({list.generations_[i]}, list.snapshot_.python.gc[i].collections); });
  List({"", "python", FamilyType::kInfo, "Python platform information"}, 1, [](FamilyList& list, size_t) {
    const PythonSnapshot& info = list.snapshot_.python;
    list.Info({list.Encode({{"implementation", info.implementation},
                            {"major", info.major},
                            {"minor", info.minor},
                            {"patchlevel", info.patchlevel},
                            {"version", info.version}})});
  });
}

void FamilyList::ListSelf() {
  constexpr std::string_view kPrefix = "toolvitals_";
  List({kPrefix, "build", FamilyType::kInfo, "The version of toolvitals, as a label."}, 1,
       [](FamilyList& list, size_t) {
         list.Info({list.Encode({{"version", list.snapshot_.self.version}})});
       });
  List({kPrefix, "dropped_records", FamilyType::kCounter, "Records that were not counted, by reason."},
       snapshot_.self.dropped_records.size(), [](FamilyList& list, size_t i) {
         const auto& [reason, count] = list.snapshot_.self.dropped_records[i];
         list.Value({list.Encode({{"reason", reason}})}, count);
       });
  List({kPrefix, "overflowed_records", FamilyType::kCounter,
        "Records of label sets that a family had no room for, by family."},
       snapshot_.self.overflowed_records.size(), [](FamilyList& list, size_t i) {
         const auto& [family, count] = list.snapshot_.self.overflowed_records[i];
         list.Value({list.Encode({{"family", family}})}, count);
       });
  for (const CollectorSnapshot& collector : snapshot_.self.collectors) {
    collectors_.push_back(Encode({{"collector", collector.name}}));
  }
  const size_t collectors = collectors_.size();
  List({kPrefix, "collector_failures", FamilyType::kCounter, "Collections that failed, by collector."}, collectors,
       [](FamilyList& list, size_t i) {
         list.Value({list.collectors_[i]}, list.snapshot_.self.collectors[i].failures);
       });
  List({kPrefix, "collector_hangs", FamilyType::kCounter, "Collections that took longer than they may, by collector."},
       collectors,
       [](FamilyList& list, size_t i) { list.Value({list.collectors_[i]}, list.snapshot_.self.collectors[i].hangs); });
  List({kPrefix, "collector_age_seconds", FamilyType::kGauge, "Time since a collector last succeeded.", "seconds"},
       collectors, [](FamilyList& list, size_t i) {
         list.ValueUnlessAbsent({list.collectors_[i]}, list.snapshot_.self.collectors[i].age_seconds);
       });
  List({kPrefix, "stale_reads", FamilyType::kCounter,
        "Times that values of a collector were shown that were older than they should be."},
       1, [](FamilyList& list, size_t) { list.Value({}, list.snapshot_.self.stale_reads); });
  List({kPrefix, "processes", FamilyType::kGauge,
        "Processes whose records are shown: those that live, and those that have ended."},
       1, [](FamilyList& list, size_t) {
         list.Value({list.Encode({{"state", "live"}})}, list.snapshot_.self.live_processes);
         list.Value({list.Encode({{"state", "retired"}})}, list.snapshot_.self.retired_processes);
       });
  List({kPrefix, "unshared_processes", FamilyType::kCounter,
        "Forked processes whose records are not shown, since there was no room to share them."},
       1, [](FamilyList& list, size_t) { list.Value({}, list.snapshot_.self.unshared_processes); });
  List({kPrefix, "refused_segments", FamilyType::kGauge,
        "Files among the shared segments that are not read, by reason."},
       snapshot_.self.refused_segments.size(), [](FamilyList& list, size_t i) {
         const auto& [reason, count] = list.snapshot_.self.refused_segments[i];
         list.Value({list.Encode({{"reason", reason}})}, count);
       });
  List({kPrefix, "merge_conflicts", FamilyType::kGauge,
        "Processes whose metric is not shown, since another one of its name is defined otherwise."},
       snapshot_.self.merge_conflicts.size(), [](FamilyList& list, size_t i) {
         const auto& [family, count] = list.snapshot_.self.merge_conflicts[i];
         list.Value({list.Encode({{"family", family}})}, count);
       });
  List({kPrefix, "series", FamilyType::kGauge, "Label sets in the store."}, 1,
       [](FamilyList& list, size_t) { list.Value({}, list.snapshot_.self.series); });
  List({kPrefix, "memory_bytes", FamilyType::kGauge, "Bytes of the store in use.", "bytes"}, 1,
       [](FamilyList& list, size_t) { list.Value({}, list.snapshot_.self.memory_bytes); });
  List({kPrefix, "scrape_duration_seconds", FamilyType::kSummary, "How long collecting and rendering took.", "seconds"},
       1, [](FamilyList& list, size_t) {
         list.Summary({}, {list.snapshot_.self.scrapes, list.snapshot_.self.scrape_seconds_sum});
       });
}

void FamilyList::Value(const SeriesLabels& labels, Number value) {
  BeginOwn();
  sink_.Value(labels, value);
}

void FamilyList::ValueUnlessAbsent(const SeriesLabels& labels, double value) {
  if (!std::isnan(value)) Value(labels, value);
}

void FamilyList::ValueUnlessZero(const SeriesLabels& labels, Number value) {
  if (value.AsDouble() != 0) Value(labels, value);
}

void FamilyList::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  BeginOwn();
  sink_.Histogram(labels, value);
}

void FamilyList::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  BeginOwn();
  sink_.Summary(labels, value);
}

void FamilyList::Info(const SeriesLabels& labels) {
  BeginOwn();
  sink_.Info(labels);
}

void FamilyList::BeginOwn() {
  if (begun_) return;
  begun_ = true;
  const FamilyHead& head = own_[family_].head;
  // A family without a series leaves its names to others; where nothing follows, nothing could have the same ones.
  if (!snapshot_.families.empty()) names_.Take(head);
  sink_.Begin(head);
}

// Whether the family or one of its samples has one of the names.
bool FamilyList::IsAskedFor(const FamilyHead& head) const {
  if (!options_.filtered) return true;
  bool found = false;
  ForEachSampleName(head, [&](std::string_view name) {
    found = found || std::binary_search(options_.names.begin(), options_.names.end(), name);
  });
  return found;
}

void FamilyList::WriteSomeOwn() {
  const Own& own = own_[family_];
  if (part_ == 0 && !IsAskedFor(own.head)) {
    ++family_;
    return;
  }
  const size_t end = std::min(part_ + kPartsAtATime, own.parts);
  for (; part_ < end; ++part_) own.write(*this, part_);
  if (part_ < own.parts) return;
  if (begun_) sink_.End();
  begun_ = false;
  part_ = 0;
  ++family_;
}

void FamilyList::WriteSomeOfSnapshot() {
  const FamilySnapshot& family = snapshot_.families[family_ - own_.size()];
  if (!writer_.has_value()) {
    const FamilyInfo& info = *family.info;
    const FamilyHead head{"", info.name, info.type, info.help, info.unit};
    if (family.size() == 0 || !names_.Take(head) || !IsAskedFor(head)) {
      ++family_;
      return;
    }
    sink_.Begin(head);
    writer_.emplace(family, sink_);
  }
  if (writer_->WriteSome(std::max<size_t>(kLinesAtATime / writer_->lines_per_series(), 1))) return;
  sink_.End();
  writer_.reset();
  ++family_;
}

bool FamilyList::WriteUntil(absl::FunctionRef<bool()> is_enough) {
  const size_t families = own_.size() + (extent_ == Extent::kAll ? snapshot_.families.size() : 0);
  while (family_ < families) {
    if (family_ < own_.size()) {
      WriteSomeOwn();
    } else {
      WriteSomeOfSnapshot();
    }
    if (is_enough()) return true;
  }
  if (!finished_ && extent_ == Extent::kAll) sink_.Finish();
  finished_ = true;
  return false;
}

std::vector<std::string> FamilyList::OwnNames() const {
  std::vector<std::string> names;
  names.reserve(own_.size());
  for (const Own& own : own_) names.emplace_back(own.head.prefix).append(own.head.name);
  return names;
}

bool FamilyList::HasOwn(std::string_view name) const {
  return std::any_of(own_.begin(), own_.end(), [name](const Own& own) {
    const FamilyHead& head = own.head;
    return name.size() == head.prefix.size() + head.name.size() && name.starts_with(head.prefix) &&
           name.ends_with(head.name);
  });
}

void WriteUniformFamilies(const Snapshot& snapshot, bool own, FamilySink& sink,
                          absl::FunctionRef<bool(const FamilySnapshot&)> is_there) {
  const RenderOptions all;
  std::optional<FamilyList> list;
  if (own) list.emplace(snapshot, all, sink, FamilyList::Extent::kOwn).WriteAll();
  HashSet<std::string_view> names;
  for (const FamilySnapshot& family : snapshot.families) {
    const FamilyInfo& info = *family.info;
    if ((own && list->HasOwn(info.name)) || !names.insert(info.name).second || is_there(family)) continue;
    sink.Begin({"", info.name, info.type, info.help, info.unit});
    FamilyWriter(family, sink).WriteSome(family.size());
    sink.End();
  }
  sink.Finish();
}

void FamilyList::WriteAll() {
  WriteUntil([] { return false; });
}

size_t ExpectedTextBytes(const Snapshot& snapshot) {
  const size_t buckets = snapshot.duration_bounds == nullptr ? 1 : snapshot.duration_bounds->size() + 1;
  const size_t line = kExpectedLineBytes + snapshot.name_prefix.size();
  size_t bytes = kExpectedBytes;
  for (const ToolSnapshot& tool : snapshot.tools) bytes += (kToolLines + buckets) * (line + tool.name.size());
  for (const CacheSnapshot& cache : snapshot.caches) bytes += kCacheLines * (line + cache.name.size());
  return bytes;
}

}  // namespace toolvitals
