// The list is written out by hand, family by family.
// Floor: render.
#include "render/families.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "render/family_writer.h"
#include "render/numbers.h"
#include "render/sample_names.h"

namespace toolvitals {
namespace {

constexpr double kMillisPerSecond = 1000;

// What the lines that are not of a tool or cache take, and what a line takes beside its labels.
constexpr size_t kExpectedBytes = 8192;
constexpr size_t kExpectedLineBytes = 88;
// Lines of a tool beside its buckets and errors, lines of a cache.
constexpr size_t kToolLines = 3 + 2 + 5 + 1;
constexpr size_t kCacheLines = 5;

// Whether the family or one of its samples has one of the names.
bool IsAskedFor(const FamilyHead& head, const RenderOptions& options) {
  if (!options.filtered) return true;
  bool found = false;
  ForEachSampleName(head, [&](std::string_view name) {
    found = found || std::binary_search(options.names.begin(), options.names.end(), name);
  });
  return found;
}

struct Context {
  FamilySink& sink;
  const RenderOptions& options;
  SampleNames* names;  // nullptr where nothing follows that could have the same ones
};

// One family: begun before its first series, and never when there is none.
class Family {
 public:
  Family(const Context& context, const FamilyHead& head)
      : sink_(context.sink), names_(context.names), head_(head), asked_for_(IsAskedFor(head, context.options)) {}
  ~Family() {
    if (begun_) sink_.End();
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  bool asked_for() const { return asked_for_; }

  void Value(const SeriesLabels& labels, Number value) {
    if (Ready()) sink_.Value(labels, value);
  }

  void ValueUnlessAbsent(const SeriesLabels& labels, double value) {
    if (!std::isnan(value)) Value(labels, value);
  }

  void Histogram(const SeriesLabels& labels, const HistogramValue& value) {
    if (Ready()) sink_.Histogram(labels, value);
  }

  void Summary(const SeriesLabels& labels, const SummaryValue& value) {
    if (Ready()) sink_.Summary(labels, value);
  }

  void Info(const SeriesLabels& labels) {
    if (Ready()) sink_.Info(labels);
  }

 private:
  bool Ready() {
    if (!asked_for_) return false;
    if (!begun_) Begin();
    return true;
  }

  // A family without a series leaves its names to others.
  void Begin() {
    if (names_ != nullptr) names_->Take(head_);
    sink_.Begin(head_);
    begun_ = true;
  }

  FamilySink& sink_;
  SampleNames* const names_;
  const FamilyHead head_;
  const bool asked_for_;
  bool begun_ = false;
};

class FamilyList {
 public:
  FamilyList(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink)
      : snapshot_(snapshot), options_(options), sink_(sink) {}
  FamilyList(const FamilyList&) = delete;
  FamilyList& operator=(const FamilyList&) = delete;

  void WriteTools() {
    Tools();
    Caches();
  }

  void Write() {
    WriteTools();
    Process();
    Python();
    Self();
    for (const FamilySnapshot& family : snapshot_.families) {
      const FamilyInfo& info = *family.info;
      const FamilyHead head{"", info.name, info.type, info.help, info.unit};
      if (family.size() != 0 && names_.Take(head) && IsAskedFor(head, options_)) WriteFamily(family, head, sink_);
    }
    sink_.Finish();
  }

 private:
  EncodedLabels Encode(std::initializer_list<Label> labels) { return sink_.Encode({labels.begin(), labels.size()}); }

  template <typename Named>
  std::vector<EncodedLabels> EncodeNames(std::string_view label, const std::vector<Named>& all) {
    std::vector<EncodedLabels> encoded;
    encoded.reserve(all.size());
    for (const Named& one : all) encoded.push_back(Encode({{label, one.name}}));
    return encoded;
  }

  FamilyHead Own(std::string_view name, FamilyType type, std::string_view help, std::string_view unit = {}) const {
    return {snapshot_.name_prefix, name, type, help, unit};
  }

  void Tools() {
    const std::vector<EncodedLabels> tools = EncodeNames("tool", snapshot_.tools);
    Calls(tools);
    Errors(tools);
    Durations(tools);
    for (size_t i = 0; i < kWindowQuantiles.size(); ++i) {
      std::array<char, kMaxDoubleChars> digits;
      const char* end = WriteGoDouble(kWindowQuantiles[i], digits.data());
      quantiles_[i] = Encode({{"quantile", {digits.data(), static_cast<size_t>(end - digits.data())}}});
    }
    Windows(tools,
            Own("tool_call_latency_window_seconds", FamilyType::kGauge,
                "Quantiles of the durations of a tool's most recent calls.", "seconds"),
            [](const ToolSnapshot& tool) { return &tool.window_ms; });
    Windows(tools,
            Own("tool_first_item_latency_window_seconds", FamilyType::kGauge,
                "Quantiles of the times to the first item of a tool's most recent calls.", "seconds"),
            [](const ToolSnapshot& tool) { return tool.first_item_ms.has_value() ? &*tool.first_item_ms : nullptr; });
    Family running(context_, Own("tool_calls_in_progress", FamilyType::kGauge, "Calls of a tool that are running."));
    for (size_t i = 0; i < tools.size(); ++i) running.Value({tools[i]}, snapshot_.tools[i].in_progress);
  }

  void Calls(const std::vector<EncodedLabels>& tools) {
    Family calls(context_, Own("tool_calls", FamilyType::kCounter, "Finished calls of a tool, by outcome."));
    const EncodedLabels success = Encode({{"outcome", "success"}});
    const EncodedLabels error = Encode({{"outcome", "error"}});
    const EncodedLabels cancelled = Encode({{"outcome", "cancelled"}});
    for (size_t i = 0; i < tools.size(); ++i) {
      const ToolSnapshot& tool = snapshot_.tools[i];
      calls.Value({tools[i], success}, tool.successful_calls);
      calls.Value({tools[i], error}, tool.failed_calls);
      calls.Value({tools[i], cancelled}, tool.cancelled_calls);
    }
  }

  void Errors(const std::vector<EncodedLabels>& tools) {
    Family errors(context_, Own("tool_call_errors", FamilyType::kCounter, "Failed calls of a tool, by type of error."));
    if (!errors.asked_for()) return;
    for (size_t i = 0; i < tools.size(); ++i) {
      for (const auto& [type, count] : snapshot_.tools[i].error_types) {
        errors.Value({tools[i], Encode({{"error_type", type}})}, count);
      }
    }
  }

  void Durations(const std::vector<EncodedLabels>& tools) {
    Family durations(context_, Own("tool_call_duration_seconds", FamilyType::kHistogram,
                                   "How long finished calls of a tool took.", "seconds"));
    HistogramValue value;
    if (snapshot_.duration_bounds != nullptr) value.bounds = *snapshot_.duration_bounds;
    for (size_t i = 0; i < tools.size(); ++i) {
      const ToolSnapshot& tool = snapshot_.tools[i];
      value.buckets = tool.duration_buckets;
      value.sum = tool.total_latency_ms / kMillisPerSecond;
      durations.Histogram({tools[i]}, value);
    }
  }

  template <typename StatsOf>
  void Windows(const std::vector<EncodedLabels>& tools, const FamilyHead& head, StatsOf stats_of) {
    Family windows(context_, head);
    for (size_t i = 0; i < tools.size(); ++i) {
      const WindowStats* stats = stats_of(snapshot_.tools[i]);
      if (stats == nullptr) continue;
      for (size_t quantile = 0; quantile < quantiles_.size(); ++quantile) {
        windows.ValueUnlessAbsent({tools[i], quantiles_[quantile]}, stats->quantiles[quantile] / kMillisPerSecond);
      }
    }
  }

  void Caches() {
    const std::vector<CacheSnapshot>& caches = snapshot_.caches;
    const std::vector<EncodedLabels> labels = EncodeNames("cache", caches);
    {
      Family requests(context_, Own("cache_requests", FamilyType::kCounter, "Requests to a cache, by result."));
      const EncodedLabels hit = Encode({{"result", "hit"}});
      const EncodedLabels miss = Encode({{"result", "miss"}});
      for (size_t i = 0; i < caches.size(); ++i) {
        requests.Value({labels[i], hit}, caches[i].hits);
        requests.Value({labels[i], miss}, caches[i].misses);
      }
    }
    const auto counter = [&](std::string_view name, std::string_view help, uint64_t CacheSnapshot::*count) {
      Family family(context_, Own(name, FamilyType::kCounter, help));
      for (size_t i = 0; i < caches.size(); ++i) family.Value({labels[i]}, caches[i].*count);
    };
    counter("cache_evictions", "Entries that a cache gave up for others.", &CacheSnapshot::evictions);
    counter("cache_size_rejections", "Entries that a cache did not take because of their size.",
            &CacheSnapshot::size_rejections);
    Family ratio(context_, Own("cache_hit_ratio", FamilyType::kGauge, "Hits per request to a cache, 0 to 1.", "ratio"));
    for (size_t i = 0; i < caches.size(); ++i) {
      const CacheSnapshot& cache = caches[i];
      if (cache.hits + cache.misses == 0) continue;
      ratio.Value({labels[i]}, static_cast<double>(cache.hits) / static_cast<double>(cache.hits + cache.misses));
    }
  }

  void One(const FamilyHead& head, Number value) { Family(context_, head).Value({}, value); }

  // For figures of which no process has none: zero says that this system does not tell.
  void ProcessGauge(std::string_view name, std::string_view help, Number value, std::string_view unit = {}) {
    if (value.AsDouble() != 0) One({"process_", name, FamilyType::kGauge, help, unit}, value);
  }

  void Process() {
    const ProcessSnapshot& process = snapshot_.process;
    One({"process_", "cpu_seconds", FamilyType::kCounter, "Total user and system CPU time spent in seconds.",
         "seconds"},
        process.cpu_seconds);
    ProcessGauge("resident_memory_bytes", "Resident memory size in bytes.", process.resident_memory_bytes, "bytes");
    ProcessGauge("virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_memory_bytes, "bytes");
    ProcessGauge("start_time_seconds", "Start time of the process since unix epoch in seconds.",
                 process.start_time_seconds, "seconds");
    ProcessGauge("open_fds", "Number of open file descriptors.", process.open_fds);
    ProcessGauge("max_fds", "Maximum number of open file descriptors.", process.max_fds);
    ProcessGauge("threads", "Number of OS threads in the process.", process.threads);
  }

  void Python() {
    const PythonSnapshot& python = snapshot_.python;
    if (python.implementation.empty()) return;
    std::vector<EncodedLabels> generations;
    for (size_t i = 0; i < python.gc.size(); ++i) generations.push_back(Encode({{"generation", std::to_string(i)}}));
    const auto counter = [&](std::string_view name, std::string_view help, uint64_t GcGenerationSnapshot::*count) {
      Family family(context_, {"python_gc_", name, FamilyType::kCounter, help});
      for (size_t i = 0; i < python.gc.size(); ++i) family.Value({generations[i]}, python.gc[i].*count);
    };
    counter("objects_collected", "Objects collected during gc", &GcGenerationSnapshot::objects_collected);
    counter("objects_uncollectable", "Uncollectable objects found during GC",
            &GcGenerationSnapshot::objects_uncollectable);
    counter("collections", "Number of times this generation was collected", &GcGenerationSnapshot::collections);
    Family(context_, {"", "python", FamilyType::kInfo, "Python platform information"})
        .Info({Encode({{"implementation", python.implementation},
                       {"major", python.major},
                       {"minor", python.minor},
                       {"patchlevel", python.patchlevel},
                       {"version", python.version}})});
  }

  void Self() {
    constexpr std::string_view kPrefix = "toolvitals_";
    const SelfSnapshot& self = snapshot_.self;
    Family(context_, {kPrefix, "build", FamilyType::kInfo, "The version of toolvitals, as a label."})
        .Info({Encode({{"version", self.version}})});
    {
      Family dropped(context_,
                     {kPrefix, "dropped_records", FamilyType::kCounter, "Records that were not counted, by reason."});
      for (const auto& [reason, count] : self.dropped_records) dropped.Value({Encode({{"reason", reason}})}, count);
    }
    {
      Family overflowed(context_, {kPrefix, "overflowed_records", FamilyType::kCounter,
                                   "Records of label sets that a family had no room for, by family."});
      for (const auto& [family, count] : self.overflowed_records) {
        overflowed.Value({Encode({{"family", family}})}, count);
      }
    }
    One({kPrefix, "collector_failures", FamilyType::kCounter, "Collections of other collectors that failed."},
        self.source_failures);
    One({kPrefix, "stale_reads", FamilyType::kCounter,
         "Times that values of a collector were shown that were older than they should be."},
        self.stale_reads);
    One({kPrefix, "series", FamilyType::kGauge, "Label sets in the store."}, self.series);
    One({kPrefix, "memory_bytes", FamilyType::kGauge, "Bytes of the store in use.", "bytes"}, self.memory_bytes);
    Family(context_, {kPrefix, "scrape_duration_seconds", FamilyType::kSummary,
                      "How long collecting and rendering took.", "seconds"})
        .Summary({}, {self.scrapes, self.scrape_seconds_sum});
  }

  const Snapshot& snapshot_;
  const RenderOptions& options_;
  FamilySink& sink_;
  SampleNames names_;
  const Context context_{sink_, options_, snapshot_.families.empty() ? nullptr : &names_};
  std::array<EncodedLabels, kWindowQuantiles.size()> quantiles_;
};

}  // namespace

void WriteFamilies(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink) {
  FamilyList(snapshot, options, sink).Write();
}

void WriteToolFamilies(const Snapshot& snapshot, FamilySink& sink) {
  const RenderOptions everything;
  FamilyList(snapshot, everything, sink).WriteTools();
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
