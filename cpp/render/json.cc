// Writing a snapshot key by key, by hand, as the contract shows it.
// Floor: render.
#include "render/json.h"

#include <array>
#include <string_view>

#include "render/families.h"
#include "render/json_sink.h"
#include "render/json_values.h"
#include "render/overflow.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, kWindowQuantiles.size()> kQuantileKeys = {"p50", "p75", "p90", "p95", "p99"};

// A typical tool takes 600 bytes, and a cache 200.
constexpr size_t kExpectedBytes = 2048;
constexpr size_t kExpectedToolBytes = 1024;
constexpr size_t kExpectedCacheBytes = 512;

// For figures of which no process has none: zero says that this system does not tell.
void UnsignedOrNull(std::string_view key, uint64_t value, Writer& writer) {
  writer.Text(key);
  if (value != 0) {
    writer.Unsigned(value);
  } else {
    writer.Text("null");
  }
}

double Ratio(double part, uint64_t whole) { return whole == 0 ? kAbsent : part / static_cast<double>(whole); }

void Padded(int64_t value, int width, Writer& writer) {
  int64_t limit = 10;
  for (int digits = 1; digits < width; ++digits, limit *= 10) {
    if (value < limit) writer.Text("0");
  }
  writer.Signed(value);
}

// ISO 8601 in UTC. The date is counted in eras of 400 years that start on 1 March, so that leap days come last
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days). No time zone data, no locale.
void Timestamp(int64_t unix_us, Writer& writer) {
  constexpr int64_t kMicrosPerDay = 86'400'000'000;
  int64_t days = unix_us / kMicrosPerDay;
  int64_t micros = unix_us % kMicrosPerDay;
  if (micros < 0) {
    micros += kMicrosPerDay;
    --days;
  }
  const int64_t shifted = days + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  Padded(year_of_era + era * 400 + (month <= 2 ? 1 : 0), 4, writer);
  writer.Text("-");
  Padded(month, 2, writer);
  writer.Text("-");
  Padded(day_of_year - (153 * month_from_march + 2) / 5 + 1, 2, writer);
  writer.Text("T");
  Padded(micros / 3'600'000'000, 2, writer);
  writer.Text(":");
  Padded(micros / 60'000'000 % 60, 2, writer);
  writer.Text(":");
  Padded(micros / 1'000'000 % 60, 2, writer);
  writer.Text(".");
  Padded(micros % 1'000'000, 6, writer);
  writer.Text("Z");
}

void Window(std::string_view key, const WindowStats& stats, Writer& writer) {
  writer.Text(key);
  JsonUnsigned("{\"count\":", stats.count, writer);
  JsonMeasured("mean", stats.mean, writer);
  JsonMeasured("stddev", stats.stddev, writer);
  JsonMeasured("min", stats.min, writer);
  JsonMeasured("max", stats.max, writer);
  for (size_t i = 0; i < stats.quantiles.size(); ++i) JsonMeasured(kQuantileKeys[i], stats.quantiles[i], writer);
  writer.Text("}");
}

// Once for all tools, whose `duration_buckets` are the counts of each.
void DurationBounds(const Snapshot& snapshot, Writer& writer) {
  writer.Text(",\"duration_bounds_seconds\":[");
  std::string_view separator;
  if (snapshot.duration_bounds != nullptr) {
    for (const double bound : *snapshot.duration_bounds) {
      JsonDouble(separator, bound, writer);
      separator = ",";
    }
  }
  writer.Text("]");
}

void Counts(std::string_view key, const std::vector<std::pair<std::string, uint64_t>>& counts, Writer& writer) {
  writer.Text(key);
  std::string_view separator = "{";
  for (const auto& [name, count] : counts) {
    writer.Text(separator);
    separator = ",";
    JsonString(name, writer);
    JsonUnsigned(":", count, writer);
  }
  writer.Text(counts.empty() ? "{}" : "}");
}

void Tool(const ToolSnapshot& tool, Writer& writer) {
  const uint64_t total = tool.total_calls();
  writer.Text("{\"tool_name\":");
  JsonString(tool.name, writer);
  JsonUnsigned(",\"total_calls\":", total, writer);
  JsonUnsigned(",\"successful_calls\":", tool.successful_calls, writer);
  JsonUnsigned(",\"failed_calls\":", tool.failed_calls, writer);
  JsonUnsigned(",\"cancelled_calls\":", tool.cancelled_calls, writer);
  JsonUnsigned(",\"in_progress\":", tool.in_progress, writer);
  JsonDouble(",\"oldest_in_progress_ms\":", tool.oldest_in_progress_ms, writer);
  JsonDouble(",\"success_rate\":", Ratio(static_cast<double>(tool.successful_calls), total), writer);
  JsonMeasured("total_latency_ms", tool.total_latency_ms, writer);
  JsonMeasured("avg_latency_ms", Ratio(tool.total_latency_ms, total), writer);
  Window(",\"latency_ms\":", tool.window_ms, writer);
  if (tool.first_item_ms.has_value()) Window(",\"first_item_ms\":", *tool.first_item_ms, writer);
  Counts(",\"error_types\":", tool.error_types, writer);
  writer.Text(",\"duration_buckets\":[");
  for (size_t i = 0; i < tool.duration_buckets.size(); ++i) {
    if (i != 0) writer.Text(",");
    writer.Unsigned(tool.duration_buckets[i]);
  }
  writer.Text("]");
  writer.Text("}");
}

void Cache(const CacheSnapshot& cache, Writer& writer) {
  const uint64_t requests = cache.hits + cache.misses;
  writer.Text("{\"cache_name\":");
  JsonString(cache.name, writer);
  JsonUnsigned(",\"hits\":", cache.hits, writer);
  JsonUnsigned(",\"misses\":", cache.misses, writer);
  JsonUnsigned(",\"evictions\":", cache.evictions, writer);
  JsonUnsigned(",\"size_rejections\":", cache.size_rejections, writer);
  JsonUnsigned(",\"total_requests\":", requests, writer);
  JsonDouble(",\"hit_rate\":", Ratio(static_cast<double>(cache.hits), requests), writer);
  writer.Text("}");
}

void Collector(const CollectorSnapshot& collector, Writer& writer) {
  JsonUnsigned("{\"failures\":", collector.failures, writer);
  JsonUnsigned(",\"hangs\":", collector.hangs, writer);
  JsonDouble(",\"hanging_seconds\":", collector.hanging_seconds, writer);
  JsonDouble(",\"age_seconds\":", collector.age_seconds, writer);
  writer.Text("}");
}

// An object of objects, each under its name.
template <typename Named, typename Render>
void ByName(std::string_view key, const std::vector<Named>& values, Writer& writer, Render render) {
  writer.Text(key);
  std::string_view separator = "{";
  for (const Named& value : values) {
    writer.Text(separator);
    separator = ",";
    JsonString(value.name, writer);
    writer.Text(":");
    render(value, writer);
  }
  writer.Text(values.empty() ? "{}" : "}");
}

void Process(const ProcessSnapshot& process, Writer& writer) {
  writer.Text("{\"pid\":");
  writer.Signed(process.pid);
  JsonDouble(",\"cpu_seconds\":", process.cpu_seconds, writer);
  UnsignedOrNull(",\"resident_memory_bytes\":", process.resident_memory_bytes, writer);
  UnsignedOrNull(",\"virtual_memory_bytes\":", process.virtual_memory_bytes, writer);
  UnsignedOrNull(",\"open_fds\":", process.open_fds, writer);
  UnsignedOrNull(",\"max_fds\":", process.max_fds, writer);
  UnsignedOrNull(",\"threads\":", process.threads, writer);
  const double start = process.start_time_seconds;
  JsonDouble(",\"start_time_seconds\":", start > 0 ? start : kAbsent, writer);
  writer.Text("}");
}

void Python(const PythonSnapshot& python, Writer& writer) {
  if (python.implementation.empty()) return writer.Text("null");
  writer.Text("{\"version\":");
  JsonString(python.version, writer);
  writer.Text(",\"implementation\":");
  JsonString(python.implementation, writer);
  writer.Text(",\"gc\":");
  std::string_view separator = "[";
  for (const GcGenerationSnapshot& generation : python.gc) {
    writer.Text(separator);
    separator = ",";
    // The keys of gc.get_stats().
    JsonUnsigned("{\"collections\":", generation.collections, writer);
    JsonUnsigned(",\"collected\":", generation.objects_collected, writer);
    JsonUnsigned(",\"uncollectable\":", generation.objects_uncollectable, writer);
    writer.Text("}");
  }
  writer.Text(python.gc.empty() ? "[]}" : "]}");
}

void System(const Snapshot& snapshot, Writer& writer) {
  writer.Text("{\"process\":");
  Process(snapshot.process, writer);
  writer.Text(",\"processes\":");
  std::string_view separator = "[";
  for (const ProcessSnapshot& process : snapshot.processes) {
    writer.Text(separator);
    separator = ",";
    Process(process, writer);
  }
  writer.Text(snapshot.processes.empty() ? "[]" : "]");
  writer.Text(",\"python\":");
  Python(snapshot.python, writer);
  writer.Text("}");
}

void Overflow(const Snapshot& snapshot, Writer& writer) {
  std::string_view separator = "{";
  const std::vector<FamilyOverflow> overflow = OverflowOf(snapshot);
  for (const FamilyOverflow& family : overflow) {
    writer.Text(separator);
    separator = ",";
    JsonString(family.family, writer);
    JsonUnsigned(":{\"records\":", family.records, writer);
    writer.Text(",\"distinct_values\":{");
    for (size_t i = 0; i < family.distinct_values.size(); ++i) {
      if (i != 0) writer.Text(",");
      JsonString(family.distinct_values[i].first, writer);
      JsonUnsigned(":", family.distinct_values[i].second, writer);
    }
    writer.Text("},\"busiest\":[");
    for (size_t i = 0; i < family.busiest.size(); ++i) {
      writer.Text(i == 0 ? "{\"label\":" : ",{\"label\":");
      JsonString(family.busiest[i]->label, writer);
      writer.Text(",\"value\":");
      JsonString(family.busiest[i]->value, writer);
      JsonUnsigned(",\"count\":", family.busiest[i]->count, writer);
      JsonUnsigned(",\"error\":", family.busiest[i]->error, writer);
      writer.Text("}");
    }
    writer.Text("]}");
  }
  writer.Text(overflow.empty() ? "{}" : "}");
}

void Self(const Snapshot& snapshot, Writer& writer) {
  const SelfSnapshot& self = snapshot.self;
  writer.Text("{\"version\":");
  JsonString(self.version, writer);
  JsonUnsigned(",\"series\":", self.series, writer);
  JsonUnsigned(",\"memory_bytes\":", self.memory_bytes, writer);
  Counts(",\"dropped_records\":", self.dropped_records, writer);
  JsonUnsigned(",\"processes\":{\"live\":", self.live_processes, writer);
  JsonUnsigned(",\"retired\":", self.retired_processes, writer);
  JsonUnsigned(",\"unshared\":", self.unshared_processes, writer);
  Counts("},\"refused_segments\":", self.refused_segments, writer);
  Counts(",\"merge_conflicts\":", self.merge_conflicts, writer);
  ByName(",\"collectors\":", self.collectors, writer, &Collector);
  writer.Text(",\"overflow\":");
  Overflow(snapshot, writer);
  JsonUnsigned(",\"stale_reads\":", self.stale_reads, writer);
  JsonUnsigned(",\"scrapes\":", self.scrapes, writer);
  JsonDouble(",\"scrape_seconds\":", self.scrape_seconds_sum, writer);
  JsonUnsigned(",\"limits\":{\"max_series\":", self.max_series, writer);
  JsonUnsigned(",\"memory_bytes\":", self.max_memory_bytes, writer);
  JsonUnsigned(",\"window_size\":", snapshot.window_size, writer);
  writer.Text("}}");
}

}  // namespace

void RenderJson(const Snapshot& snapshot, std::string& out, const RenderOptions& options) {
  Writer writer(out);
  writer.Expect(kExpectedBytes + snapshot.tools.size() * kExpectedToolBytes +
                snapshot.caches.size() * kExpectedCacheBytes);
  JsonUnsigned("{\"schema_version\":", kJsonSchemaVersion, writer);
  writer.Text(",\"timestamp\":\"");
  Timestamp(snapshot.timestamp_us, writer);
  JsonDouble("\",\"uptime_seconds\":", snapshot.uptime_seconds, writer);
  JsonUnsigned(",\"window_size\":", snapshot.window_size, writer);
  JsonDouble(",\"created\":", static_cast<double>(snapshot.created_us) / 1e6, writer);
  writer.Text(",\"namespace\":");
  JsonString(snapshot.name_prefix.substr(0, snapshot.name_prefix.size() - !snapshot.name_prefix.empty()), writer);
  DurationBounds(snapshot, writer);
  ByName(",\"tools\":", snapshot.tools, writer, &Tool);
  ByName(",\"caches\":", snapshot.caches, writer, &Cache);
  writer.Text(",\"metrics\":");
  JsonSink sink(writer);
  WriteUniformFamilies(snapshot, options.own_families, sink);
  writer.Text(",\"system\":");
  System(snapshot, writer);
  writer.Text(",\"toolvitals\":");
  Self(snapshot, writer);
  writer.Text("}");
}

void RenderToolJson(const ToolSnapshot& tool, std::string& out) {
  Writer writer(out);
  Tool(tool, writer);
}

void RenderCacheJson(const CacheSnapshot& cache, std::string& out) {
  Writer writer(out);
  Cache(cache, writer);
}

void RenderSystemJson(const Snapshot& snapshot, std::string& out) {
  Writer writer(out);
  System(snapshot, writer);
}

}  // namespace toolvitals
