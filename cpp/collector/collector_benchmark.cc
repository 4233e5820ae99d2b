// What recording a call costs in C++, all cells together, and how it scales over two threads.
// Floor: collector.
#include "collector/collector.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <string>

namespace toolvitals {
namespace {

Collector& SharedCollector() {
  static const std::unique_ptr<Collector> collector = *Collector::Create({});
  return *collector;
}

template <Writers W>
void RecordInTurn(benchmark::State& state, ToolMetrics& tool) {
  HistogramCell& success = tool.outcome(Outcome::kSuccess);
  double latency_ms = 0.5;
  for (auto _ : state) {
    tool.Record<W>(success, latency_ms);
    latency_ms = latency_ms < 1000 ? latency_ms * 1.37 : 0.5;
  }
  state.SetItemsProcessed(state.iterations());
}

void CollectorRecordSerialized(benchmark::State& state) {
  RecordInTurn<Writers::kSerialized>(state, SharedCollector().Tool("serialized"));
}
BENCHMARK(CollectorRecordSerialized)->Name("Collector/Record/serialized");

void CollectorRecordConcurrent(benchmark::State& state) {
  RecordInTurn<Writers::kConcurrent>(state, SharedCollector().Tool("concurrent"));
}
BENCHMARK(CollectorRecordConcurrent)->Name("Collector/Record/concurrent");

void CollectorTwoSeries(benchmark::State& state) {
  const std::string name = "own_series_" + std::to_string(state.thread_index());
  RecordInTurn<Writers::kConcurrent>(state, SharedCollector().Tool(name));
}
BENCHMARK(CollectorTwoSeries)->Name("Collector/Record/two_series")->Threads(1)->Threads(2)->UseRealTime();

void CollectorOneSeries(benchmark::State& state) {
  RecordInTurn<Writers::kConcurrent>(state, SharedCollector().Tool("one_series"));
}
BENCHMARK(CollectorOneSeries)->Name("Collector/Record/one_series")->Threads(1)->Threads(2)->UseRealTime();

// A whole call as the decorator sees it: two looks at the clock, the call in flight between them, and the record.
template <Writers W>
void CollectorCall(benchmark::State& state) {
  ToolMetrics& tool = SharedCollector().Tool("whole_call");
  HistogramCell& success = tool.outcome(Outcome::kSuccess);
  Clock::Calibrate();
  for (auto _ : state) {
    const uint64_t started = Clock::Ticks();
    const InFlightToken token = tool.Begin<W>(started);
    const uint64_t ended = Clock::Ticks();
    tool.End<W>(token);
    tool.RecordNanos<W>(success, Clock::ElapsedNs(started, ended));
  }
}
BENCHMARK(CollectorCall<Writers::kSerialized>)->Name("Collector/Call/serialized");
BENCHMARK(CollectorCall<Writers::kConcurrent>)->Name("Collector/Call/concurrent");

void ClockTicks(benchmark::State& state) {
  Clock::Calibrate();
  for (auto _ : state) benchmark::DoNotOptimize(Clock::Ticks());
}
BENCHMARK(ClockTicks)->Name("Clock/Ticks");

// By name, without Python's shortcut over the string object.
void CollectorFindTool(benchmark::State& state) {
  for (int i = 0; i < 100; ++i) SharedCollector().Tool("found_" + std::to_string(i));
  for (auto _ : state) benchmark::DoNotOptimize(&SharedCollector().Tool("found_42"));
}
BENCHMARK(CollectorFindTool)->Name("Collector/Tool/by_name");

}  // namespace
}  // namespace toolvitals
