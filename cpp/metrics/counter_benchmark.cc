// What an increment costs, beside prometheus-cpp.
// Floor: metrics.
#include "metrics/counter.h"

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>

#include "base/limits.h"

namespace toolvitals {
namespace {

struct alignas(kCacheLineBytes) OwnLine {
  CounterCell cell{};
};
OwnLine counters[2];

template <Writers W>
void CounterIncrement(benchmark::State& state) {
  CounterCell& counter = counters[0].cell;
  for (auto _ : state) counter.Increment<W>();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CounterIncrement<Writers::kSerialized>)->Name("Counter/Increment/serialized");
BENCHMARK(CounterIncrement<Writers::kConcurrent>)->Name("Counter/Increment/concurrent");

// Each thread has a series of its own.
void CounterTwoSeries(benchmark::State& state) {
  CounterCell& counter = counters[state.thread_index() % 2].cell;
  for (auto _ : state) counter.Increment<Writers::kConcurrent>();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CounterTwoSeries)->Name("Counter/Increment/two_series")->Threads(1)->Threads(2)->UseRealTime();

// The worst that can happen to a counter: two threads, one cache line.
void CounterOneSeries(benchmark::State& state) {
  for (auto _ : state) counters[0].cell.Increment<Writers::kConcurrent>();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CounterOneSeries)->Name("Counter/Increment/one_series")->Threads(1)->Threads(2)->UseRealTime();

void PrometheusCounterIncrement(benchmark::State& state) {
  prometheus::Counter counter;
  for (auto _ : state) counter.Increment();
}
BENCHMARK(PrometheusCounterIncrement)->Name("Counter/Increment/prometheus_cpp");

}  // namespace
}  // namespace toolvitals
