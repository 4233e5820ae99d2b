// What a scrape costs: cells to values, values to text; beside prometheus-cpp with the same series and values.
// Floor: render.
#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "collector/collector.h"
#include "render/format.h"
#include "snapshot/collect.h"

namespace toolvitals {
namespace {

constexpr int kSamplesPerTool = 1000;
// One tool is 3 + 20 + 5 + 1 lines, so this many are 28,000 lines.
constexpr int kTools28000Lines = 966;

std::string ToolName(int64_t i) { return "tool_" + std::to_string(i); }

std::unique_ptr<Collector> CollectorWithTools(int64_t tools) {
  std::unique_ptr<Collector> collector = *Collector::Create({});
  std::mt19937_64 random(13);
  std::lognormal_distribution<double> latency(std::log(20.0), 1.0);
  for (int64_t i = 0; i < tools; ++i) {
    ToolMetrics& tool = collector->Tool(ToolName(i));
    HistogramCell& success = tool.outcome(Outcome::kSuccess);
    for (int sample = 0; sample < kSamplesPerTool; ++sample) {
      tool.Record<Writers::kSerialized>(success, latency(random));
    }
  }
  return collector;
}

// One more call of every tool, so that no window is as the last scrape left it.
void MoveWindows(Collector& collector, int64_t tools) {
  for (int64_t i = 0; i < tools; ++i) {
    ToolMetrics& tool = collector.Tool(ToolName(i));
    tool.Record<Writers::kSerialized>(tool.outcome(Outcome::kSuccess), 12.5);
  }
}

void CountLines(benchmark::State& state, const std::string& text) {
  state.counters["lines"] = static_cast<double>(std::count(text.begin(), text.end(), '\n'));
  state.counters["bytes"] = static_cast<double>(text.size());
}

// Nothing was called since the last scrape.
void ScrapeIdle(benchmark::State& state) {
  auto collector = CollectorWithTools(state.range(0));
  SnapshotReader reader(*collector);
  const ExpositionFormat& format = *FindFormat("prometheus");
  std::string text;
  for (auto _ : state) {
    text.clear();
    format.render(*reader.Read(), text);
    benchmark::DoNotOptimize(text.data());
  }
  CountLines(state, text);
}
BENCHMARK(ScrapeIdle)->Name("Scrape/idle")->Arg(100)->Arg(kTools28000Lines)->Unit(benchmark::kMicrosecond);

// Every tool was called since the last scrape, as before each one. The second such scrape puts the windows in order,
// once (docs/decisions/0055), which the first rounds of a benchmark are too few to hide.
void ScrapeBusy(benchmark::State& state) {
  auto collector = CollectorWithTools(state.range(0));
  SnapshotReader reader(*collector);
  for (int round = 0; round < 3; ++round) {
    MoveWindows(*collector, state.range(0));
    reader.Read();
  }
  const ExpositionFormat& format = *FindFormat("prometheus");
  std::string text;
  for (auto _ : state) {
    state.PauseTiming();
    MoveWindows(*collector, state.range(0));
    state.ResumeTiming();
    text.clear();
    format.render(*reader.Read(), text);
    benchmark::DoNotOptimize(text.data());
  }
  CountLines(state, text);
}
BENCHMARK(ScrapeBusy)->Name("Scrape/busy")->Arg(100)->Arg(kTools28000Lines)->Unit(benchmark::kMicrosecond);

void RenderPrometheusText(benchmark::State& state) {
  auto collector = CollectorWithTools(state.range(0));
  const std::shared_ptr<const Snapshot> snapshot = SnapshotReader(*collector).Read();
  const ExpositionFormat& format = *FindFormat("prometheus");
  std::string text;
  for (auto _ : state) {
    text.clear();
    format.render(*snapshot, text);
    benchmark::DoNotOptimize(text.data());
  }
}
BENCHMARK(RenderPrometheusText)
    ->Name("Render/prometheus_text")
    ->Arg(100)
    ->Arg(kTools28000Lines)
    ->Unit(benchmark::kMicrosecond);

// The families a tool shows, as a user of prometheus-cpp would keep them. It has no windows: its quantiles are gauges
// that are already computed, which favours it.
std::unique_ptr<prometheus::Registry> PrometheusRegistryWithTools(int64_t tools) {
  auto registry = std::make_unique<prometheus::Registry>();
  auto& calls = prometheus::BuildCounter().Name("tool_calls_total").Help("Finished calls.").Register(*registry);
  auto& durations =
      prometheus::BuildHistogram().Name("tool_call_duration_seconds").Help("Durations.").Register(*registry);
  auto& windows =
      prometheus::BuildGauge().Name("tool_call_latency_window_seconds").Help("Quantiles.").Register(*registry);
  auto& running = prometheus::BuildGauge().Name("tool_calls_in_progress").Help("Running calls.").Register(*registry);
  auto& oldest =
      prometheus::BuildGauge().Name("tool_calls_oldest_in_progress_seconds").Help("Oldest.").Register(*registry);
  std::mt19937_64 random(13);
  std::lognormal_distribution<double> latency(std::log(0.02), 1.0);
  for (int64_t i = 0; i < tools; ++i) {
    for (const char* outcome : {"success", "error", "cancelled"}) {
      calls.Add({{"tool", ToolName(i)}, {"outcome", outcome}}).Increment(kSamplesPerTool);
    }
    for (const char* quantile : {"0.5", "0.75", "0.9", "0.95", "0.99"}) {
      windows.Add({{"tool", ToolName(i)}, {"q", quantile}}).Set(latency(random));
    }
    running.Add({{"tool", ToolName(i)}}).Set(0);
    oldest.Add({{"tool", ToolName(i)}}).Set(0);
    auto& histogram = durations.Add(
        {{"tool", ToolName(i)}},
        prometheus::Histogram::BucketBoundaries(kDefaultDurationBounds.begin(), kDefaultDurationBounds.end()));
    for (int sample = 0; sample < kSamplesPerTool; ++sample) histogram.Observe(latency(random));
  }
  return registry;
}

void ScrapePrometheusCpp(benchmark::State& state) {
  auto registry = PrometheusRegistryWithTools(state.range(0));
  const prometheus::TextSerializer serializer;
  std::string text;
  for (auto _ : state) {
    text = serializer.Serialize(registry->Collect());
    benchmark::DoNotOptimize(text.data());
  }
  CountLines(state, text);
}
BENCHMARK(ScrapePrometheusCpp)
    ->Name("Scrape/prometheus_cpp")
    ->Arg(100)
    ->Arg(kTools28000Lines)
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace toolvitals
