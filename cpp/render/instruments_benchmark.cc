// What a scrape of labelled instruments costs, from a thousand lines to a million; beside prometheus-cpp with the same
// series and values.
// Floor: render.
#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "collector/collector.h"
#include "render/format.h"
#include "snapshot/collect.h"

namespace toolvitals {
namespace {

// Ten counters for each histogram of 15 buckets (18 lines with sum and count, as prometheus_client's default has):
// a thousand of these are 28,000 lines.
constexpr int64_t kCountersPerUnit = 10;
constexpr int64_t kUnits28000Lines = 1000;
// Of the server's pieces.
constexpr size_t kPieceBytes = 128 * 1024;
const std::vector<double> kBounds = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 30};

std::string Shop(int64_t i) { return "shop_" + std::to_string(i); }

struct Instruments {
  std::unique_ptr<Collector> collector;
  std::shared_ptr<Family> orders, latency;
};

Instruments MakeInstruments(int64_t units) {
  CollectorOptions options;
  options.max_series = kMaxSeries;
  options.memory_limit_mb = kMaxMemoryLimitMb;
  Instruments made;
  made.collector = *Collector::Create(options);
  FamilyDefinition orders;
  orders.name = "orders";
  orders.help = "Orders.";
  orders.label_names = {"shop", "result"};
  FamilyDefinition latency;
  latency.kind = InstrumentKind::kHistogram;
  latency.name = "latency_seconds";
  latency.help = "Latency.";
  latency.label_names = {"shop"};
  latency.bounds = kBounds;
  made.orders = *made.collector->instruments().Create(orders);
  made.latency = *made.collector->instruments().Create(latency);
  made.orders->Show(kDefaultRegistry, true);
  made.latency->Show(kDefaultRegistry, true);
  for (int64_t i = 0; i < units * kCountersPerUnit; ++i) {
    const std::string shop = Shop(i / 2);
    const std::vector<std::string_view> values = {shop, i % 2 == 0 ? "ok" : "failed"};
    made.orders->WithLabels(values)->counter().Increment<Writers::kSerialized>(static_cast<uint64_t>(1000 + i));
  }
  for (int64_t i = 0; i < units; ++i) {
    const std::string shop = Shop(i);
    const std::vector<std::string_view> values = {shop};
    const auto series = made.latency->WithLabels(values);
    for (int sample = 0; sample < 20; ++sample) {
      const double amount = 0.004 * (1 << (sample % 12));
      series->histogram().classic.ObserveFloat<Writers::kSerialized>(made.latency->bounds().BucketOf(amount), amount);
    }
  }
  return made;
}

void ReportLines(benchmark::State& state, double lines) {
  state.counters["lines"] = lines;
  state.counters["ns_per_line"] =
      benchmark::Counter(lines * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

double LinesOf(const std::string& text) { return static_cast<double>(std::count(text.begin(), text.end(), '\n')); }

void ScrapeInstruments(benchmark::State& state) {
  const Instruments instruments = MakeInstruments(state.range(0));
  SnapshotReader reader(*instruments.collector);
  const ExpositionFormat& format = *FindFormat("prometheus");
  std::string piece;
  // As the server does it: in pieces, none of which is kept.
  const auto scrape = [&](auto look_at) {
    const std::unique_ptr<Rendering> rendering = format.start(reader.Read(), {});
    for (bool more = true; more;) {
      piece.clear();
      more = rendering->Append(kPieceBytes, piece);
      look_at(piece);
    }
  };
  double lines = 0;
  scrape([&](const std::string& text) { lines += LinesOf(text); });
  for (auto _ : state) scrape([](const std::string& text) { benchmark::DoNotOptimize(text.data()); });
  ReportLines(state, lines);
}
BENCHMARK(ScrapeInstruments)
    ->Name("Instruments/scrape")
    ->Arg(36)
    ->Arg(360)
    ->Arg(kUnits28000Lines)
    ->Arg(3600)
    ->Arg(36'000)
    ->Unit(benchmark::kMicrosecond);

void ReadInstruments(benchmark::State& state) {
  const Instruments instruments = MakeInstruments(state.range(0));
  SnapshotReader reader(*instruments.collector);
  reader.Read();  // who the series are is read once
  for (auto _ : state) benchmark::DoNotOptimize(reader.Read());
}
BENCHMARK(ReadInstruments)->Name("Instruments/read")->Arg(kUnits28000Lines)->Arg(36'000)->Unit(benchmark::kMicrosecond);

void ScrapePrometheusCpp(benchmark::State& state) {
  prometheus::Registry registry;
  auto& orders = prometheus::BuildCounter().Name("orders_total").Help("Orders.").Register(registry);
  auto& latency = prometheus::BuildHistogram().Name("latency_seconds").Help("Latency.").Register(registry);
  for (int64_t i = 0; i < state.range(0) * kCountersPerUnit; ++i) {
    orders.Add({{"shop", Shop(i / 2)}, {"result", i % 2 == 0 ? "ok" : "failed"}})
        .Increment(static_cast<double>(1000 + i));
  }
  for (int64_t i = 0; i < state.range(0); ++i) {
    auto& series = latency.Add({{"shop", Shop(i)}}, prometheus::Histogram::BucketBoundaries(kBounds));
    for (int sample = 0; sample < 20; ++sample) series.Observe(0.004 * (1 << (sample % 12)));
  }
  const prometheus::TextSerializer serializer;
  std::string text;
  for (auto _ : state) {
    text = serializer.Serialize(registry.Collect());
    benchmark::DoNotOptimize(text.data());
  }
  ReportLines(state, LinesOf(text));
}
BENCHMARK(ScrapePrometheusCpp)
    ->Name("Instruments/prometheus_cpp")
    ->Arg(kUnits28000Lines)
    ->Unit(benchmark::kMicrosecond);

// A kept handle, and one that is looked up, in the core.
void IncrementCounter(benchmark::State& state) {
  const Instruments instruments = MakeInstruments(1);
  const std::vector<std::string_view> values = {"shop_0", "ok"};
  const auto series = instruments.orders->WithLabels(values);
  for (auto _ : state) {
    if (series->counts_touches()) series->Touch();
    series->counter().Increment<Writers::kSerialized>(uint64_t{1});
    benchmark::ClobberMemory();
  }
}
BENCHMARK(IncrementCounter)->Name("Instruments/increment");

void LookUpSeries(benchmark::State& state) {
  const Instruments instruments = MakeInstruments(1000);
  const std::vector<std::string_view> values = {"shop_77", "ok"};
  for (auto _ : state) benchmark::DoNotOptimize(instruments.orders->WithLabels(values));
}
BENCHMARK(LookUpSeries)->Name("Instruments/look_up");

}  // namespace
}  // namespace toolvitals
