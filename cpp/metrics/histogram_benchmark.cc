// What an observation costs, beside prometheus-cpp: the bucket's search and the two additions.
// Floor: metrics.
#include "metrics/histogram.h"

#include <benchmark/benchmark.h>
#include <prometheus/histogram.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <random>
#include <vector>

namespace toolvitals {
namespace {

// The default duration bounds, in milliseconds.
constexpr std::array<double, 17> kBoundsMs = {1,   2.5, 5,   10,  20,  50,  100,   200, 500,
                                              1e3, 2e3, 5e3, 1e4, 3e4, 6e4, 1.2e5, 3e5};
constexpr size_t kLatencies = 4096;

// Latencies as tools have them, log-normal around 20 ms over several buckets, so that the branch predictor cannot learn
// the bucket.
const std::vector<double>& Latencies() {
  static const std::vector<double> latencies = [] {
    std::mt19937_64 random(7);
    std::lognormal_distribution<double> latency(std::log(20.0), 1.5);
    std::vector<double> values(kLatencies);
    for (double& value : values) value = latency(random);
    return values;
  }();
  return latencies;
}

struct CellDeleter {
  void operator()(HistogramCell* cell) const { std::free(cell); }
};
std::unique_ptr<HistogramCell, CellDeleter> NewCell(size_t buckets) {
  void* memory = std::aligned_alloc(kCacheLineBytes, HistogramCell::Bytes(buckets));
  if (memory == nullptr) throw std::bad_alloc();
  auto* cell = static_cast<HistogramCell*>(memory);
  cell->Reset(buckets);
  cell->sum_float.store(0, std::memory_order_relaxed);
  return std::unique_ptr<HistogramCell, CellDeleter>(cell);
}

template <Writers W>
void ObserveInTurn(benchmark::State& state, HistogramCell& cell, const HistogramBounds& bounds) {
  const std::vector<double>& latencies = Latencies();
  size_t next = 0;
  for (auto _ : state) {
    const double latency_ms = latencies[next++ % kLatencies];
    cell.Observe<W>(bounds.BucketOf(latency_ms), static_cast<uint64_t>(latency_ms * 1e6));
  }
  state.SetItemsProcessed(state.iterations());
}

template <Writers W>
void HistogramObserve(benchmark::State& state) {
  const HistogramBounds bounds = *HistogramBounds::Make(kBoundsMs);
  auto cell = NewCell(bounds.buckets());
  ObserveInTurn<W>(state, *cell, bounds);
}
BENCHMARK(HistogramObserve<Writers::kSerialized>)->Name("Histogram/Observe/serialized");
BENCHMARK(HistogramObserve<Writers::kConcurrent>)->Name("Histogram/Observe/concurrent");

// The same latency each time, as a loop around one fast tool has it.
void HistogramObserveSame(benchmark::State& state) {
  const HistogramBounds bounds = *HistogramBounds::Make(kBoundsMs);
  auto cell = NewCell(bounds.buckets());
  double latency_ms = 12.5;
  for (auto _ : state) {
    benchmark::DoNotOptimize(latency_ms);
    cell->Observe<Writers::kSerialized>(bounds.BucketOf(latency_ms), static_cast<uint64_t>(latency_ms * 1e6));
  }
}
BENCHMARK(HistogramObserveSame)->Name("Histogram/Observe/same_value");

// Each thread has a series of its own.
void HistogramTwoSeries(benchmark::State& state) {
  static const HistogramBounds bounds = *HistogramBounds::Make(kBoundsMs);
  static const auto first = NewCell(bounds.buckets());
  static const auto second = NewCell(bounds.buckets());
  ObserveInTurn<Writers::kConcurrent>(state, state.thread_index() % 2 == 0 ? *first : *second, bounds);
}
BENCHMARK(HistogramTwoSeries)->Name("Histogram/Observe/two_series")->Threads(1)->Threads(2)->UseRealTime();

void PrometheusHistogramObserve(benchmark::State& state) {
  prometheus::Histogram histogram({kBoundsMs.begin(), kBoundsMs.end()});
  const std::vector<double>& latencies = Latencies();
  size_t next = 0;
  for (auto _ : state) histogram.Observe(latencies[next++ % kLatencies]);
}
BENCHMARK(PrometheusHistogramObserve)->Name("Histogram/Observe/prometheus_cpp");

}  // namespace
}  // namespace toolvitals
