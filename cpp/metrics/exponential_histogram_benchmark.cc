// What one observation costs, by serialized and by concurrent writers. Floor: metrics.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <vector>

#include "metrics/exponential_histogram.h"

namespace toolvitals {
namespace {

template <Writers W>
void Observe(benchmark::State& state) {
  const std::unique_ptr<Segment> segment = *Segment::CreateAnonymous(1 << 20);
  ExponentialCell& cell = *segment->At<ExponentialCell>(segment->Allocate(sizeof(ExponentialCell)));
  cell.Init({});
  std::mt19937_64 random(13);
  std::lognormal_distribution<double> latency(-3, 1);
  std::vector<double> values(1024);
  for (double& value : values) value = latency(random);
  size_t i = 0;
  for (auto _ : state) {
    cell.Observe<W>(*segment, values[i++ % values.size()]);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(Observe<Writers::kSerialized>)->Name("ExponentialHistogram/observe/serialized");
BENCHMARK(Observe<Writers::kConcurrent>)->Name("ExponentialHistogram/observe/concurrent");

}  // namespace
}  // namespace toolvitals
