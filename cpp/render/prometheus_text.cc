// Lines are put together from pieces that are built once per call: the label block of each tool and cache, and the
// text of each bucket's bound. What is left to do for a line is two copies and one number.
// Floor: render.
#include "render/prometheus_text.h"

#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "render/escape.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

constexpr double kMillisPerSecond = 1000;

// What the lines that are not of a tool or cache take, and what a line takes beside its labels.
constexpr size_t kExpectedBytes = 8192;
constexpr size_t kExpectedLineBytes = 80;
// Lines of a tool beside its buckets and errors, lines of a cache.
constexpr size_t kToolLines = 3 + 2 + 5 + 1;
constexpr size_t kCacheLines = 5;

// `label="value"`.
void Label(std::string_view label, std::string_view value, Writer& writer) {
  writer.Text(label);
  writer.Text("=\"");
  EscapeLabelValue(value, writer);
  writer.Text("\"");
}

// `{label="value"` for each of many values, one after another in one string.
class LabelBlocks {
 public:
  template <typename Named>
  LabelBlocks(std::string_view label, const std::vector<Named>& values) {
    ends_.reserve(values.size());
    Writer writer(text_);
    writer.Expect(values.size() * kExpectedLineBytes);
    for (const Named& value : values) {
      writer.Text("{");
      Label(label, value.name, writer);
      ends_.push_back(writer.written());
    }
  }

  std::string_view operator[](size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

  size_t bytes() const { return text_.size(); }

 private:
  std::string text_;
  std::vector<size_t> ends_;
};

// One family: its header is written before its first sample, and never when there is none.
class Family {
 public:
  Family(Writer& writer, std::string_view prefix, std::string_view name, std::string_view type, std::string_view help)
      : writer_(writer), type_(type), help_(help) {
    name_.reserve(prefix.size() + name.size());
    name_.append(prefix).append(name);
    head_ = name_;
  }

  // Starts the lines of one label block: every line below is the name, the suffix, the block and what it is given.
  void Block(std::string_view suffix, std::string_view block) { head_.assign(name_).append(suffix).append(block); }

  // `tail` is what follows the block up to the value, with its closing brace and space. Before any call of Block() the
  // lines start with the name alone.
  template <typename Number>
  void Sample(std::string_view tail, Number value) {
    if (!begun_) Begin();
    writer_.Line(head_, tail, value);
  }

  void SampleUnlessAbsent(std::string_view tail, double value) {
    if (!std::isnan(value)) Sample(tail, value);
  }

 private:
  void Begin() {
    begun_ = true;
    writer_.Text("# HELP ");
    writer_.Text(name_);
    writer_.Text(" ");
    EscapeHelp(help_, writer_);
    writer_.Text("\n# TYPE ");
    writer_.Text(name_);
    writer_.Text(" ");
    writer_.Text(type_);
    writer_.Text("\n");
  }

  Writer& writer_;
  std::string name_;
  std::string_view type_;
  std::string_view help_;
  std::string head_;
  bool begun_ = false;
};

// What `write` writes.
template <typename Write>
std::string Written(Write write) {
  std::string text;
  {
    // Ends before the text is returned, since its end is what makes the text complete.
    Writer writer(text);
    write(writer);
  }
  return text;
}

// `{label="value",...} `: the tail of a sample whose family has no block.
std::string Labels(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
  return Written([&](Writer& writer) {
    std::string_view separator = "{";
    for (const auto& [label, value] : labels) {
      writer.Text(separator);
      separator = ",";
      Label(label, value, writer);
    }
    writer.Text("} ");
  });
}

// `,label="value"} `: a tail after a block.
std::string TextTail(std::string_view label, std::string_view value) {
  return Written([&](Writer& writer) {
    writer.Text(",");
    Label(label, value, writer);
    writer.Text("} ");
  });
}

// The same for a number in prometheus_client's notation.
std::string NumberTail(std::string_view label, double value) {
  std::array<char, kMaxDoubleChars> number;
  const char* end = WriteGoDouble(value, number.data());
  return TextTail(label, {number.data(), static_cast<size_t>(end - number.data())});
}

std::array<std::string, kWindowQuantiles.size()> QuantileTails() {
  std::array<std::string, kWindowQuantiles.size()> tails;
  for (size_t i = 0; i < tails.size(); ++i) tails[i] = NumberTail("quantile", kWindowQuantiles[i]);
  return tails;
}

// One for each bucket, the last of which is +Inf.
std::vector<std::string> BoundTails(const Snapshot& snapshot) {
  std::vector<std::string> tails;
  if (snapshot.duration_bounds != nullptr) {
    tails.reserve(snapshot.duration_bounds->size() + 1);
    for (const double bound : *snapshot.duration_bounds) tails.push_back(NumberTail("le", bound));
  }
  tails.push_back(NumberTail("le", std::numeric_limits<double>::infinity()));
  return tails;
}

void Calls(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  Family calls(writer, snapshot.name_prefix, "tool_calls_total", "counter", "Finished calls of a tool, by outcome.");
  for (size_t i = 0; i < snapshot.tools.size(); ++i) {
    const ToolSnapshot& tool = snapshot.tools[i];
    calls.Block("", blocks[i]);
    calls.Sample(",outcome=\"success\"} ", tool.successful_calls);
    calls.Sample(",outcome=\"error\"} ", tool.failed_calls);
    calls.Sample(",outcome=\"cancelled\"} ", tool.cancelled_calls);
  }
}

void Errors(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  Family errors(writer, snapshot.name_prefix, "tool_call_errors_total", "counter",
                "Failed calls of a tool, by type of error.");
  for (size_t i = 0; i < snapshot.tools.size(); ++i) {
    const ToolSnapshot& tool = snapshot.tools[i];
    if (tool.error_types.empty()) continue;
    errors.Block("", blocks[i]);
    for (const auto& [type, count] : tool.error_types) {
      errors.Sample(TextTail("error_type", type), count);
    }
  }
}

void Durations(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  Family durations(writer, snapshot.name_prefix, "tool_call_duration_seconds", "histogram",
                   "How long finished calls of a tool took.");
  const std::vector<std::string> bounds = BoundTails(snapshot);
  for (size_t i = 0; i < snapshot.tools.size(); ++i) {
    const ToolSnapshot& tool = snapshot.tools[i];
    const std::vector<uint64_t>& buckets = tool.duration_buckets;
    uint64_t cumulative = 0;
    durations.Block("_bucket", blocks[i]);
    for (size_t bucket = 0; bucket < bounds.size(); ++bucket) {
      if (bucket < buckets.size()) cumulative += buckets[bucket];
      durations.Sample(bounds[bucket], cumulative);
    }
    durations.Block("_sum", blocks[i]);
    durations.Sample("} ", tool.total_latency_ms / kMillisPerSecond);
    durations.Block("_count", blocks[i]);
    durations.Sample("} ", cumulative);
  }
}

template <typename StatsOf>
void Windows(const Snapshot& snapshot, const LabelBlocks& blocks, Family family, StatsOf stats_of) {
  const std::array<std::string, kWindowQuantiles.size()> tails = QuantileTails();
  for (size_t i = 0; i < snapshot.tools.size(); ++i) {
    const WindowStats* stats = stats_of(snapshot.tools[i]);
    if (stats == nullptr) continue;
    family.Block("", blocks[i]);
    for (size_t quantile = 0; quantile < tails.size(); ++quantile) {
      family.SampleUnlessAbsent(tails[quantile], stats->quantiles[quantile] / kMillisPerSecond);
    }
  }
}

void InProgress(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  Family running(writer, snapshot.name_prefix, "tool_calls_in_progress", "gauge", "Calls of a tool that are running.");
  for (size_t i = 0; i < snapshot.tools.size(); ++i) {
    running.Block("", blocks[i]);
    running.Sample("} ", snapshot.tools[i].in_progress);
  }
}

void Tools(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  Calls(snapshot, blocks, writer);
  Errors(snapshot, blocks, writer);
  Durations(snapshot, blocks, writer);
  Windows(snapshot, blocks,
          Family(writer, snapshot.name_prefix, "tool_call_latency_window_seconds", "gauge",
                 "Quantiles of the durations of a tool's most recent calls."),
          [](const ToolSnapshot& tool) { return &tool.window_ms; });
  Windows(snapshot, blocks,
          Family(writer, snapshot.name_prefix, "tool_first_item_latency_window_seconds", "gauge",
                 "Quantiles of the times to the first item of a tool's most recent calls."),
          [](const ToolSnapshot& tool) { return tool.first_item_ms.has_value() ? &*tool.first_item_ms : nullptr; });
  InProgress(snapshot, blocks, writer);
}

void CacheCounter(const Snapshot& snapshot, const LabelBlocks& blocks, Family family,
                  uint64_t CacheSnapshot::*counter) {
  for (size_t i = 0; i < snapshot.caches.size(); ++i) {
    family.Block("", blocks[i]);
    family.Sample("} ", snapshot.caches[i].*counter);
  }
}

void Caches(const Snapshot& snapshot, const LabelBlocks& blocks, Writer& writer) {
  const std::string_view prefix = snapshot.name_prefix;
  Family requests(writer, prefix, "cache_requests_total", "counter", "Requests to a cache, by result.");
  for (size_t i = 0; i < snapshot.caches.size(); ++i) {
    requests.Block("", blocks[i]);
    requests.Sample(",result=\"hit\"} ", snapshot.caches[i].hits);
    requests.Sample(",result=\"miss\"} ", snapshot.caches[i].misses);
  }
  CacheCounter(snapshot, blocks,
               Family(writer, prefix, "cache_evictions_total", "counter", "Entries that a cache gave up for others."),
               &CacheSnapshot::evictions);
  CacheCounter(snapshot, blocks,
               Family(writer, prefix, "cache_size_rejections_total", "counter",
                      "Entries that a cache did not take because of their size."),
               &CacheSnapshot::size_rejections);
  Family ratio(writer, prefix, "cache_hit_ratio", "gauge", "Hits per request to a cache, 0 to 1.");
  for (size_t i = 0; i < snapshot.caches.size(); ++i) {
    const CacheSnapshot& cache = snapshot.caches[i];
    if (cache.hits + cache.misses == 0) continue;
    ratio.Block("", blocks[i]);
    ratio.Sample("} ", static_cast<double>(cache.hits) / static_cast<double>(cache.hits + cache.misses));
  }
}

// For figures of which no process has none: zero says that this system does not tell.
template <typename Number>
void ProcessGauge(std::string_view name, std::string_view help, Number value, Writer& writer) {
  if (value != 0) Family(writer, "process_", name, "gauge", help).Sample(" ", value);
}

void Process(const ProcessSnapshot& process, Writer& writer) {
  Family(writer, "process_", "cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.")
      .Sample(" ", process.cpu_seconds);
  ProcessGauge("resident_memory_bytes", "Resident memory size in bytes.", process.resident_memory_bytes, writer);
  ProcessGauge("virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_memory_bytes, writer);
  ProcessGauge("start_time_seconds", "Start time of the process since unix epoch in seconds.",
               process.start_time_seconds, writer);
  ProcessGauge("open_fds", "Number of open file descriptors.", process.open_fds, writer);
  ProcessGauge("max_fds", "Maximum number of open file descriptors.", process.max_fds, writer);
  ProcessGauge("threads", "Number of OS threads in the process.", process.threads, writer);
}

void GcCounter(const PythonSnapshot& python, Family family, uint64_t GcGenerationSnapshot::*counter) {
  for (size_t i = 0; i < python.gc.size(); ++i) {
    family.Sample(Labels({{"generation", std::to_string(i)}}), python.gc[i].*counter);
  }
}

void Python(const PythonSnapshot& python, Writer& writer) {
  if (python.implementation.empty()) return;
  GcCounter(python, Family(writer, "python_gc_", "objects_collected_total", "counter", "Objects collected during gc"),
            &GcGenerationSnapshot::objects_collected);
  GcCounter(
      python,
      Family(writer, "python_gc_", "objects_uncollectable_total", "counter", "Uncollectable objects found during GC"),
      &GcGenerationSnapshot::objects_uncollectable);
  GcCounter(
      python,
      Family(writer, "python_gc_", "collections_total", "counter", "Number of times this generation was collected"),
      &GcGenerationSnapshot::collections);
  Family(writer, "python_", "info", "gauge", "Python platform information")
      .Sample(Labels({{"implementation", python.implementation},
                      {"major", python.major},
                      {"minor", python.minor},
                      {"patchlevel", python.patchlevel},
                      {"version", python.version}}),
              uint64_t{1});
}

void Self(const SelfSnapshot& self, Writer& writer) {
  constexpr std::string_view kPrefix = "toolvitals_";
  Family(writer, kPrefix, "build_info", "gauge", "The version of toolvitals, as a label.")
      .Sample(Labels({{"version", self.version}}), uint64_t{1});
  Family dropped(writer, kPrefix, "dropped_records_total", "counter", "Records that were not counted, by reason.");
  for (const auto& [reason, count] : self.dropped_records) dropped.Sample(Labels({{"reason", reason}}), count);
  Family(writer, kPrefix, "series", "gauge", "Label sets in the store.").Sample(" ", self.series);
  Family(writer, kPrefix, "memory_bytes", "gauge", "Bytes of the store in use.").Sample(" ", self.memory_bytes);
  Family scrapes(writer, kPrefix, "scrape_duration_seconds", "summary", "How long collecting and rendering took.");
  scrapes.Block("_sum", "");
  scrapes.Sample(" ", self.scrape_seconds_sum);
  scrapes.Block("_count", "");
  scrapes.Sample(" ", self.scrapes);
}

// About what the text will take, so that it is allocated once.
size_t ExpectedBytes(const Snapshot& snapshot, const LabelBlocks& tools, const LabelBlocks& caches) {
  const size_t buckets = snapshot.duration_bounds == nullptr ? 1 : snapshot.duration_bounds->size() + 1;
  const size_t tool_lines = kToolLines + buckets;
  const size_t prefixed_line = kExpectedLineBytes + snapshot.name_prefix.size();
  return kExpectedBytes + tool_lines * (tools.bytes() + snapshot.tools.size() * prefixed_line) +
         kCacheLines * (caches.bytes() + snapshot.caches.size() * prefixed_line);
}

}  // namespace

void RenderPrometheusText(const Snapshot& snapshot, std::string& out) {
  const LabelBlocks tools("tool", snapshot.tools);
  const LabelBlocks caches("cache", snapshot.caches);
  Writer writer(out);
  writer.Expect(ExpectedBytes(snapshot, tools, caches));
  Tools(snapshot, tools, writer);
  Caches(snapshot, caches, writer);
  Process(snapshot.process, writer);
  Python(snapshot.python, writer);
  Self(snapshot.self, writer);
}

}  // namespace toolvitals
