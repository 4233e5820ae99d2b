// What it costs to show a call while it runs.
// Floor: metrics.
#include "metrics/in_flight.h"

#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

namespace toolvitals {
namespace {

// Begin and end, while `range(0)` other calls of the tool go on: none, as many as the cell's own slots leave, and more.
template <Writers W>
void InFlightBeginEnd(benchmark::State& state) {
  auto segment = *Segment::CreateAnonymous(4u << 20);
  auto& cell = *segment->At<InFlightCell>(segment->Allocate(sizeof(InFlightCell)));
  InFlightSpill spill{};
  for (int64_t i = 0; i < state.range(0); ++i) BeginInFlight<W>(*segment, cell, spill, 1);
  for (auto _ : state) EndInFlight<W>(*segment, cell, spill, BeginInFlight<W>(*segment, cell, spill, 2));
}
BENCHMARK(InFlightBeginEnd<Writers::kSerialized>)->Name("InFlight/BeginEnd/serialized")->Arg(0)->Arg(5)->Arg(1000);
BENCHMARK(InFlightBeginEnd<Writers::kConcurrent>)->Name("InFlight/BeginEnd/concurrent")->Arg(0)->Arg(5)->Arg(1000);

void InFlightRead(benchmark::State& state) {
  auto segment = *Segment::CreateAnonymous(4u << 20);
  auto& cell = *segment->At<InFlightCell>(segment->Allocate(sizeof(InFlightCell)));
  InFlightSpill spill{};
  for (int64_t i = 0; i < state.range(0); ++i) BeginInFlight<Writers::kSerialized>(*segment, cell, spill, 1);
  for (auto _ : state) benchmark::DoNotOptimize(ReadInFlight(*segment, cell, spill));
}
BENCHMARK(InFlightRead)->Name("InFlight/Read")->Arg(0)->Arg(1000);

}  // namespace
}  // namespace toolvitals
