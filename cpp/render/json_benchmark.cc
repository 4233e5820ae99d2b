// What it costs to show a snapshot as JSON.
// Floor: render.
#include <benchmark/benchmark.h>

#include <cmath>
#include <random>
#include <string>

#include "model/snapshot.h"
#include "render/format.h"

namespace toolvitals {
namespace {

Snapshot SnapshotOfTools(int64_t tools) {
  std::mt19937_64 random(17);
  std::lognormal_distribution<double> latency(std::log(20.0), 1.0);
  Snapshot snapshot;
  snapshot.timestamp_us = 1'769'860'800'123'456;
  snapshot.window_size = 1000;
  snapshot.duration_bounds = std::make_shared<const std::vector<double>>(std::vector<double>{0.01, 0.1, 1, 10});
  for (int64_t i = 0; i < tools; ++i) {
    ToolSnapshot tool;
    tool.name = "tool_" + std::to_string(i);
    tool.successful_calls = 990;
    tool.failed_calls = 10;
    tool.total_latency_ms = latency(random) * 1000;
    tool.window_ms = {1000, latency(random), latency(random), latency(random), latency(random), {}};
    for (double& quantile : tool.window_ms.quantiles) quantile = latency(random);
    tool.duration_buckets = {100, 600, 299, 1, 0};
    tool.error_types = {{"TimeoutError", 7}, {"ValueError", 3}};
    snapshot.tools.push_back(std::move(tool));
  }
  return snapshot;
}

void RenderJson(benchmark::State& state) {
  const Snapshot snapshot = SnapshotOfTools(state.range(0));
  const ExpositionFormat& format = *FindFormat("json");
  std::string text;
  for (auto _ : state) {
    text.clear();
    format.render(snapshot, text);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(RenderJson)->Name("Render/json")->Arg(100)->Arg(1000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace toolvitals
