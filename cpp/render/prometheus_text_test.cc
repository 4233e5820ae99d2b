// Prometheus text: the bytes of an example, the rules of the format, and prometheus-cpp as the judge of the values.
// Floor: render.
#include "render/prometheus_text.h"

#include <gtest/gtest.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "render/testing.h"

namespace toolvitals {
namespace {

using Labels = std::map<std::string, std::string>;
using Series = std::pair<std::string, Labels>;

struct Parsed {
  std::vector<std::string> families;         // in order
  std::map<std::string, std::string> types;  // by family
  std::map<Series, std::string> samples;     // value as text
};

// A strict reader of the format. Fails the test on anything that a scrape may not hold.
class Reader {
 public:
  static Parsed Read(std::string_view text) {
    Reader reader;
    EXPECT_TRUE(text.empty() || text.back() == '\n') << "the last line has no end";
    while (!text.empty()) {
      const size_t end = std::min(text.find('\n'), text.size() - 1);
      reader.Line(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    reader.CloseFamily();
    return reader.parsed_;
  }

 private:
  void Line(std::string_view line) {
    const std::string context(line);
    if (line.substr(0, 7) == "# HELP ") {
      CloseFamily();
      line.remove_prefix(7);
      family_ = line.substr(0, line.find(' '));
      EXPECT_GT(line.size(), family_.size() + 1) << "no help: " << context;
      parsed_.families.push_back(family_);
      samples_of_family_ = 0;
    } else if (line.substr(0, 7) == "# TYPE ") {
      line.remove_prefix(7);
      EXPECT_EQ(line.substr(0, line.find(' ')), family_) << "TYPE does not follow its HELP";
      EXPECT_EQ(samples_of_family_, 0u) << "TYPE after samples: " << context;
      const bool first = parsed_.types.emplace(family_, line.substr(line.find(' ') + 1)).second;
      EXPECT_TRUE(first) << "a family twice: " << context;
    } else {
      Sample(line);
    }
  }

  void CloseFamily() {
    if (!family_.empty()) {
      EXPECT_GT(samples_of_family_, 0u) << "no samples: " << family_;
    }
  }

  void Sample(std::string_view line) {
    const std::string context(line);
    const size_t name_end = line.find_first_of("{ ");
    ASSERT_NE(name_end, std::string_view::npos) << context;
    Series series;
    series.first = line.substr(0, name_end);
    line.remove_prefix(name_end);
    if (line[0] == '{') {
      ASSERT_TRUE(TakeLabels(line, series.second)) << context;
    }
    ASSERT_EQ(line.substr(0, 1), " ") << context;
    const std::string value(line.substr(1));
    char* end = nullptr;
    std::strtod(value.c_str(), &end);
    ASSERT_TRUE(!value.empty() && *end == '\0') << context;
    ASSERT_TRUE(IsOfFamily(series.first)) << context << " under " << family_;
    ++samples_of_family_;
    ASSERT_TRUE(parsed_.samples.emplace(series, value).second) << "a series twice: " << context;
  }

  bool IsOfFamily(std::string_view name) const {
    if (name.substr(0, family_.size()) != family_) return false;
    const auto type = parsed_.types.find(family_);
    if (type == parsed_.types.end()) return false;
    const std::string_view suffix = name.substr(family_.size());
    if (type->second == "histogram") return suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
    if (type->second == "summary") return suffix.empty() || suffix == "_sum" || suffix == "_count";
    return suffix.empty();
  }

  // Takes `{a="x",b="y"}` off the front of `line`.
  static bool TakeLabels(std::string_view& line, Labels& labels) {
    do {
      line.remove_prefix(1);
      const size_t name_end = line.find("=\"");
      if (name_end == std::string_view::npos) return false;
      const std::string name(line.substr(0, name_end));
      line.remove_prefix(name_end + 2);
      std::string value;
      while (!line.empty() && line[0] != '"') {
        char next = line[0];
        line.remove_prefix(1);
        if (next == '\\') {
          if (line.empty() || std::string_view("\\\"n").find(line[0]) == std::string_view::npos) return false;
          next = line[0] == 'n' ? '\n' : line[0];
          line.remove_prefix(1);
        }
        value.push_back(next);
      }
      if (line.size() < 2 || !labels.emplace(name, value).second) return false;
      line.remove_prefix(1);
    } while (line[0] == ',');
    if (line[0] != '}') return false;
    line.remove_prefix(1);
    return true;
  }

  Parsed parsed_;
  std::string family_;
  size_t samples_of_family_ = 0;
};

std::string Text(const Snapshot& snapshot) {
  std::string text;
  RenderPrometheusText(snapshot, text);
  return text;
}

std::string Value(const Parsed& parsed, const std::string& name, const Labels& labels) {
  const auto found = parsed.samples.find({name, labels});
  return found == parsed.samples.end() ? "absent" : found->second;
}

TEST(PrometheusTextTest, ExampleIsGolden) {
  const std::string actual = Text(testing::ExampleSnapshot());
  EXPECT_EQ(actual, testing::Golden("example.prom", actual));
}

TEST(PrometheusTextTest, EmptySnapshotIsGolden) {
  const std::string actual = Text(Snapshot());
  EXPECT_EQ(actual, testing::Golden("empty.prom", actual));
}

TEST(PrometheusTextTest, FamiliesHaveTheirTypes) {
  const std::map<std::string, std::string> expected = {
      {"tool_calls_total", "counter"},
      {"tool_call_errors_total", "counter"},
      {"tool_call_duration_seconds", "histogram"},
      {"tool_call_latency_window_seconds", "gauge"},
      {"tool_first_item_latency_window_seconds", "gauge"},
      {"tool_calls_in_progress", "gauge"},
      {"tool_calls_oldest_in_progress_seconds", "gauge"},
      {"cache_requests_total", "counter"},
      {"cache_evictions_total", "counter"},
      {"cache_size_rejections_total", "counter"},
      {"cache_hit_ratio", "gauge"},
      {"process_cpu_seconds_total", "counter"},
      {"process_resident_memory_bytes", "gauge"},
      {"process_virtual_memory_bytes", "gauge"},
      {"process_start_time_seconds", "gauge"},
      {"process_open_fds", "gauge"},
      {"process_max_fds", "gauge"},
      {"process_threads", "gauge"},
      {"python_gc_objects_collected_total", "counter"},
      {"python_gc_objects_uncollectable_total", "counter"},
      {"python_gc_collections_total", "counter"},
      {"python_info", "gauge"},
      {"toolvitals_build_info", "gauge"},
      {"toolvitals_dropped_records_total", "counter"},
      {"toolvitals_merge_conflicts", "gauge"},
      {"toolvitals_processes", "gauge"},
      {"toolvitals_refused_segments", "gauge"},
      {"toolvitals_unshared_processes_total", "counter"},
      {"toolvitals_overflowed_records_total", "counter"},
      {"toolvitals_collector_failures_total", "counter"},
      {"toolvitals_collector_hangs_total", "counter"},
      {"toolvitals_collector_age_seconds", "gauge"},
      {"toolvitals_stale_reads_total", "counter"},
      {"toolvitals_series", "gauge"},
      {"toolvitals_memory_bytes", "gauge"},
      {"toolvitals_scrape_duration_seconds", "summary"},
  };
  EXPECT_EQ(Reader::Read(Text(testing::ExampleSnapshot())).types, expected);
}

TEST(PrometheusTextTest, PrefixStandsBeforeToolAndCacheFamiliesOnly) {
  Snapshot snapshot = testing::ExampleSnapshot();
  const Parsed plain = Reader::Read(Text(snapshot));
  snapshot.name_prefix = "myapp_";
  const Parsed prefixed = Reader::Read(Text(snapshot));
  ASSERT_EQ(plain.families.size(), prefixed.families.size());
  for (size_t i = 0; i < plain.families.size(); ++i) {
    const std::string& name = plain.families[i];
    const bool own = name.rfind("tool_", 0) == 0 || name.rfind("cache_", 0) == 0;
    EXPECT_EQ(prefixed.families[i], own ? "myapp_" + name : name);
  }
}

TEST(PrometheusTextTest, WhatWasNotMeasuredIsLeftOut) {
  const Parsed parsed = Reader::Read(Text(testing::ExampleSnapshot()));
  EXPECT_EQ(Value(parsed, "tool_calls_total", {{"tool", "idle"}, {"outcome", "success"}}), "0");
  EXPECT_EQ(Value(parsed, "tool_call_duration_seconds_sum", {{"tool", "idle"}}), "0.0");
  EXPECT_EQ(Value(parsed, "tool_call_latency_window_seconds", {{"tool", "idle"}, {"q", "0.5"}}), "absent");
  EXPECT_EQ(Value(parsed, "tool_call_latency_window_seconds", {{"tool", "search"}, {"q", "0.5"}}), "0.0095");
  EXPECT_EQ(Value(parsed, "tool_first_item_latency_window_seconds", {{"tool", "search"}, {"q", "0.5"}}), "absent");
  EXPECT_EQ(Value(parsed, "cache_hit_ratio", {{"cache", "files"}}), "absent");
  EXPECT_EQ(Value(parsed, "cache_hit_ratio", {{"cache", "semantic"}}), "0.75");
}

TEST(PrometheusTextTest, TheLabelOfAWindowCanHaveItsOldName) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.window_label = "quantile";
  const Parsed parsed = Reader::Read(Text(snapshot));
  EXPECT_EQ(Value(parsed, "tool_call_latency_window_seconds", {{"tool", "search"}, {"quantile", "0.5"}}), "0.0095");
  EXPECT_EQ(Value(parsed, "tool_call_latency_window_seconds", {{"tool", "search"}, {"q", "0.5"}}), "absent");
}

TEST(PrometheusTextTest, TheOldestCallIsZeroWhereNoneRunsAndAbsentWhereNobodyKnows) {
  Snapshot snapshot = testing::ExampleSnapshot();
  const auto oldest = [&] {
    return Value(Reader::Read(Text(snapshot)), "tool_calls_oldest_in_progress_seconds", {{"tool", "search"}});
  };
  ToolSnapshot& tool = snapshot.tools.back();
  ASSERT_EQ(tool.name, "search");
  tool.in_progress = 0;
  tool.oldest_in_progress_ms = kAbsent;
  EXPECT_EQ(oldest(), "0.0");
  // Calls of a process with another clock.
  tool.in_progress = 2;
  EXPECT_EQ(oldest(), "absent");
  tool.oldest_in_progress_ms = 1500;
  EXPECT_EQ(oldest(), "1.5");
}

TEST(PrometheusTextTest, WithoutAnInterpreterThereIsNoPython) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.python.implementation.clear();
  EXPECT_EQ(Text(snapshot).find("python"), std::string::npos);
}

TEST(PrometheusTextTest, CountersAreExactToTheLast) {
  const Snapshot snapshot = testing::ExampleSnapshot();
  const Parsed parsed = Reader::Read(Text(snapshot));
  const std::string& tool = snapshot.tools[1].name;
  const std::string most = "18446744073709551615";
  EXPECT_EQ(Value(parsed, "tool_calls_total", {{"tool", tool}, {"outcome", "cancelled"}}), most);
  EXPECT_EQ(Value(parsed, "tool_call_duration_seconds_bucket", {{"tool", tool}, {"le", "+Inf"}}), most);
  EXPECT_EQ(Value(parsed, "tool_call_duration_seconds_count", {{"tool", tool}}), most);
}

TEST(PrometheusTextTest, BucketsAreCumulative) {
  const Parsed parsed = Reader::Read(Text(testing::ExampleSnapshot()));
  const std::vector<std::pair<std::string, std::string>> expected = {{"0.001", "0"}, {"0.0075", "1"}, {"0.5", "3"},
                                                                     {"1.0", "3"},   {"300.0", "3"},  {"+Inf", "3"}};
  for (const auto& [le, count] : expected) {
    EXPECT_EQ(Value(parsed, "tool_call_duration_seconds_bucket", {{"tool", "search"}, {"le", le}}), count) << le;
  }
}

TEST(PrometheusTextTest, InvalidBytesAreReplaced) {
  Snapshot snapshot;
  snapshot.caches = {{"a\xFF", 1, 0, 0, 0}};
  EXPECT_EQ(Value(Reader::Read(Text(snapshot)), "cache_hit_ratio", {{"cache", "a\xEF\xBF\xBD"}}), "1.0");
}

TEST(PrometheusTextTest, MoreThanOneStepOfTheWriter) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.tools.clear();
  for (int i = 0; i < 500; ++i) {
    ToolSnapshot tool;
    tool.name = std::string(static_cast<size_t>(i % 257), '"') + std::to_string(i);
    tool.successful_calls = static_cast<uint64_t>(i);
    tool.duration_buckets = {0, static_cast<uint64_t>(i), 0, 0, 0, 0};
    snapshot.tools.push_back(tool);
  }
  const Parsed parsed = Reader::Read(Text(snapshot));
  for (const ToolSnapshot& tool : snapshot.tools) {
    ASSERT_EQ(Value(parsed, "tool_calls_total", {{"tool", tool.name}, {"outcome", "success"}}),
              std::to_string(tool.successful_calls));
  }
}

// --- prometheus-cpp as the judge

void Add(prometheus::MetricFamily& family, const Labels& labels, prometheus::ClientMetric metric) {
  for (const auto& [name, value] : labels) {
    prometheus::ClientMetric::Label label;
    label.name = name;
    label.value = value;
    metric.label.push_back(label);
  }
  family.metric.push_back(std::move(metric));
}

void AddCounter(prometheus::MetricFamily& family, const Labels& labels, uint64_t value) {
  prometheus::ClientMetric metric;
  metric.counter.value = static_cast<double>(value);
  Add(family, labels, std::move(metric));
}

void AddGauge(prometheus::MetricFamily& family, const Labels& labels, double value) {
  prometheus::ClientMetric metric;
  metric.gauge.value = value;
  Add(family, labels, std::move(metric));
}

prometheus::MetricFamily FamilyOf(const std::string& name, prometheus::MetricType type) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = "Help.";
  family.type = type;
  return family;
}

prometheus::ClientMetric HistogramOf(const Snapshot& snapshot, const ToolSnapshot& tool) {
  prometheus::ClientMetric metric;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < tool.duration_buckets.size(); ++i) {
    cumulative += tool.duration_buckets[i];
    prometheus::ClientMetric::Bucket bucket;
    bucket.cumulative_count = cumulative;
    bucket.upper_bound = i < snapshot.duration_bounds->size() ? (*snapshot.duration_bounds)[i] : HUGE_VAL;
    metric.histogram.bucket.push_back(bucket);
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = tool.total_latency_ms / 1000;
  return metric;
}

std::vector<prometheus::MetricFamily> FamiliesOf(const Snapshot& snapshot) {
  using prometheus::MetricType;
  const std::string& prefix = snapshot.name_prefix;
  prometheus::MetricFamily calls = FamilyOf(prefix + "tool_calls_total", MetricType::Counter);
  prometheus::MetricFamily errors = FamilyOf(prefix + "tool_call_errors_total", MetricType::Counter);
  prometheus::MetricFamily durations = FamilyOf(prefix + "tool_call_duration_seconds", MetricType::Histogram);
  prometheus::MetricFamily windows = FamilyOf(prefix + "tool_call_latency_window_seconds", MetricType::Gauge);
  prometheus::MetricFamily requests = FamilyOf(prefix + "cache_requests_total", MetricType::Counter);
  for (const ToolSnapshot& tool : snapshot.tools) {
    AddCounter(calls, {{"tool", tool.name}, {"outcome", "success"}}, tool.successful_calls);
    AddCounter(calls, {{"tool", tool.name}, {"outcome", "error"}}, tool.failed_calls);
    AddCounter(calls, {{"tool", tool.name}, {"outcome", "cancelled"}}, tool.cancelled_calls);
    for (const auto& [type, count] : tool.error_types) {
      AddCounter(errors, {{"tool", tool.name}, {"error_type", type}}, count);
    }
    Add(durations, {{"tool", tool.name}}, HistogramOf(snapshot, tool));
    const char* const quantiles[] = {"0.5", "0.75", "0.9", "0.95", "0.99"};
    for (size_t i = 0; i < std::size(quantiles); ++i) {
      const double value = tool.window_ms.quantiles[i];
      if (!std::isnan(value)) AddGauge(windows, {{"tool", tool.name}, {"q", quantiles[i]}}, value / 1000);
    }
  }
  for (const CacheSnapshot& cache : snapshot.caches) {
    AddCounter(requests, {{"cache", cache.name}, {"result", "hit"}}, cache.hits);
    AddCounter(requests, {{"cache", cache.name}, {"result", "miss"}}, cache.misses);
  }
  std::vector<prometheus::MetricFamily> families;
  for (prometheus::MetricFamily& family : std::vector{calls, errors, durations, windows, requests}) {
    if (!family.metric.empty()) families.push_back(family);
  }
  return families;
}

// prometheus-cpp writes fewer significant digits than a double has, and 1 where we write 1.0, so bounds and values are
// compared as numbers of 13 digits. The random ones have so few digits that no rounding is close to a tie.
std::string Rounded(const std::string& number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.12e", std::strtod(number.c_str(), nullptr));
  return text;
}

std::map<Series, std::string> Comparable(const Parsed& parsed, const std::set<std::string>& families) {
  std::map<Series, std::string> samples;
  for (const auto& [series, value] : parsed.samples) {
    std::string family = series.first;
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      if (family.ends_with(suffix)) family.resize(family.size() - suffix.size());
    }
    if (!families.contains(family)) continue;
    Series comparable = series;
    if (const auto bound = comparable.second.find("le"); bound != comparable.second.end()) {
      bound->second = Rounded(bound->second);
    }
    samples.emplace(comparable, Rounded(value));
  }
  return samples;
}

TEST(PrometheusTextTest, SaysWhatPrometheusCppSays) {
  testing::Random random(5);
  const prometheus::TextSerializer serializer;
  size_t compared = 0;
  for (int i = 0; i < 1'000; ++i) {
    const Snapshot snapshot = testing::RandomSnapshot(random);
    const Parsed judge = Reader::Read(serializer.Serialize(FamiliesOf(snapshot)));
    const Parsed ours = Reader::Read(Text(snapshot));
    const std::set<std::string> families(judge.families.begin(), judge.families.end());
    const std::map<Series, std::string> expected = Comparable(judge, families);
    const std::map<Series, std::string> actual = Comparable(ours, families);
    ASSERT_EQ(actual.size(), expected.size());
    for (const auto& [series, value] : expected) {
      const auto found = actual.find(series);
      ASSERT_TRUE(found != actual.end()) << ::testing::PrintToString(series);
      ASSERT_EQ(found->second, value) << ::testing::PrintToString(series);
    }
    for (const std::string& family : families) ASSERT_EQ(ours.types.at(family), judge.types.at(family));
    compared += expected.size();
  }
  EXPECT_GT(compared, 10'000u);
}

}  // namespace
}  // namespace toolvitals
