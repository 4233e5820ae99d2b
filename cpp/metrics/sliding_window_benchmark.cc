// What keeping a sample costs, and reading a window of them.
// Floor: metrics.
#include "metrics/sliding_window.h"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "base/limits.h"

namespace toolvitals {
namespace {

struct RingDeleter {
  void operator()(RingRecord* ring) const { std::free(ring); }
};
std::unique_ptr<RingRecord, RingDeleter> NewRing(uint64_t window_size) {
  const uint64_t capacity = RingRecord::CapacityFor(window_size);
  void* memory = std::aligned_alloc(kCacheLineBytes, RingRecord::Bytes(capacity));
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0, RingRecord::Bytes(capacity));
  auto* ring = static_cast<RingRecord*>(memory);
  ring->capacity.store(capacity, std::memory_order_relaxed);
  return std::unique_ptr<RingRecord, RingDeleter>(ring);
}

template <Writers W>
void SlidingWindowRecord(benchmark::State& state) {
  auto ring = NewRing(kDefaultWindowSize);
  WindowCell window{};
  double value = 0;
  for (auto _ : state) window.Record<W>(*ring, value += 0.5);
}
BENCHMARK(SlidingWindowRecord<Writers::kSerialized>)->Name("SlidingWindow/Record/serialized");
BENCHMARK(SlidingWindowRecord<Writers::kConcurrent>)->Name("SlidingWindow/Record/concurrent");

void SlidingWindowRead(benchmark::State& state) {
  const auto size = static_cast<uint64_t>(state.range(0));
  auto ring = NewRing(size);
  WindowCell window{};
  for (uint64_t i = 0; i < 2 * size; ++i) window.Record<Writers::kSerialized>(*ring, static_cast<double>(i));
  std::vector<double> samples;
  for (auto _ : state) {
    window.Read(*ring, size, samples);
    benchmark::DoNotOptimize(samples.data());
  }
}
BENCHMARK(SlidingWindowRead)->Name("SlidingWindow/Read")->Arg(1000)->Arg(100'000);

}  // namespace
}  // namespace toolvitals
