// What setting a gauge costs, beside prometheus-cpp.
// Floor: metrics.
#include "metrics/gauge.h"

#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>

namespace toolvitals {
namespace {

void GaugeSet(benchmark::State& state) {
  GaugeCell gauge{};
  double value = 0;
  for (auto _ : state) gauge.Set(value += 0.5);
  benchmark::DoNotOptimize(gauge.Value());
}
BENCHMARK(GaugeSet)->Name("Gauge/Set");

template <Writers W>
void GaugeIncrement(benchmark::State& state) {
  GaugeCell gauge{};
  for (auto _ : state) gauge.Increment<W>();
  benchmark::DoNotOptimize(gauge.Value());
}
BENCHMARK(GaugeIncrement<Writers::kSerialized>)->Name("Gauge/Increment/serialized");
BENCHMARK(GaugeIncrement<Writers::kConcurrent>)->Name("Gauge/Increment/concurrent");

void PrometheusGaugeSet(benchmark::State& state) {
  prometheus::Gauge gauge;
  double value = 0;
  for (auto _ : state) gauge.Set(value += 0.5);
}
BENCHMARK(PrometheusGaugeSet)->Name("Gauge/Set/prometheus_cpp");

}  // namespace
}  // namespace toolvitals
