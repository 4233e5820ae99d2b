// What five percentiles of a window cost, beside sorting it. Every turn works on a window it has not seen: a selection
// that runs over the same samples again and again is learnt by the branch predictor and looks far faster than it is, as
// the rows named `same_window` show.
// Floor: metrics.
#include "metrics/quantiles.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "metrics/moments.h"

namespace toolvitals {
namespace {

constexpr std::array<int, 5> kPercents = {50, 75, 90, 95, 99};
constexpr size_t kWindows = 100;

std::vector<std::vector<double>> MakeWindows(size_t size) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> latency(std::log(20.0), 1.0);
  std::vector<std::vector<double>> windows(kWindows, std::vector<double>(size));
  for (auto& window : windows) {
    for (double& value : window) value = latency(random);
  }
  return windows;
}

void QuantilesFive(benchmark::State& state, size_t different) {
  const auto windows = MakeWindows(static_cast<size_t>(state.range(0)));
  std::vector<double> scratch;
  std::array<double, 5> out;
  size_t next = 0;
  for (auto _ : state) {
    scratch = windows[next++ % different];
    Percentiles(scratch, kPercents, QuantileMethod::kExclusive, out);
    benchmark::DoNotOptimize(out);
  }
}
BENCHMARK_CAPTURE(QuantilesFive, , kWindows)
    ->Name("Quantiles/copy_and_five")
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(100'000);
BENCHMARK_CAPTURE(QuantilesFive, , 1)->Name("Quantiles/copy_and_five/same_window")->Arg(1000);

void QuantilesBySorting(benchmark::State& state, size_t different) {
  const auto windows = MakeWindows(static_cast<size_t>(state.range(0)));
  std::vector<double> scratch;
  size_t next = 0;
  for (auto _ : state) {
    scratch = windows[next++ % different];
    std::sort(scratch.begin(), scratch.end());
    benchmark::DoNotOptimize(scratch.data());
  }
}
BENCHMARK_CAPTURE(QuantilesBySorting, , kWindows)->Name("Quantiles/copy_and_sort")->Arg(1000);
BENCHMARK_CAPTURE(QuantilesBySorting, , 1)->Name("Quantiles/copy_and_sort/same_window")->Arg(1000);

void MomentsOfWindow(benchmark::State& state) {
  const auto windows = MakeWindows(static_cast<size_t>(state.range(0)));
  size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(MomentsOf(windows[next++ % kWindows]));
}
BENCHMARK(MomentsOfWindow)->Name("Moments/window")->Arg(1000);

}  // namespace
}  // namespace toolvitals
