// Scrapes of a directory: what a reading of many processes costs, and how it grows.
// Floor: fleet.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "base/testing.h"
#include "collector/collector.h"
#include "fleet/directory_fleet.h"
#include "snapshot/tool_reader.h"

namespace toolvitals {
namespace {

constexpr int kTools = 100;
constexpr Writers kAlone = Writers::kSerialized;

// Processes that live, as far as a reader can tell: each has a segment of its own, and its lock.
class Service {
 public:
  explicit Service(size_t processes) {
    CollectorOptions options;
    options.window_size = 100;
    for (size_t i = 0; i < processes; ++i) {
      auto directory = *SegmentDirectory::Open(path());
      auto collector = *Collector::Create(options);
      for (int tool = 0; tool < kTools; ++tool) {
        ToolMetrics& metrics = collector->Tool("tool_" + std::to_string(tool));
        for (int call = 0; call < 200; ++call) {
          metrics.Record<kAlone>(metrics.outcome(Outcome::kSuccess), 1.0 + call % 50);
        }
      }
      if (!collector->Share(std::move(directory)).ok()) break;
      collectors_.push_back(std::move(collector));
    }
  }

  std::string path() const { return folder_.path() + "/run"; }
  size_t size() const { return collectors_.size(); }

 private:
  TemporaryFolder folder_;
  std::vector<std::unique_ptr<Collector>> collectors_;
};

// Of idle processes: what every scrape costs.
void BM_ReadProcesses(benchmark::State& state) {
  const auto processes = static_cast<size_t>(state.range(0));
  const Service service(processes);
  if (service.size() != processes) return state.SkipWithError("no room for the segments");
  DirectoryFleet fleet(*SegmentDirectory::Open(service.path()), DirectoryFleet::Options());
  ToolReader reader;
  const auto read = [&] {
    std::vector<ToolSnapshot> tools;
    std::vector<CacheSnapshot> caches;
    reader.Read(fleet.Look().members, QuantileMethod::kExclusive, tools, caches);
    benchmark::DoNotOptimize(tools);
  };
  read();  // The first one maps the segments.
  for (auto _ : state) read();
}
BENCHMARK(BM_ReadProcesses)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->Arg(1000)->Unit(benchmark::kMillisecond);

// Of a series, where processes have ended that left so many of them; zero: none has ended.
void BM_RemoveOfEnded(benchmark::State& state) {
  const auto series = static_cast<int>(state.range(0));
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/run";
  const CollectorOptions options;
  FamilyDefinition definition;
  definition.name = "jobs";
  definition.label_names = {"session"};
  if (series != 0) {
    const auto collector = *Collector::Create(options);
    // A process that ends takes nothing back; nobody touches it again.
    static auto* const buried = new std::vector<std::shared_ptr<Family>>;
    const std::shared_ptr<Family>& family = buried->emplace_back(*collector->instruments().Create(definition));
    family->Show(kDefaultRegistry, true);
    for (int i = 0; i < series; ++i) {
      family->WithLabels(std::vector<std::string_view>{std::to_string(i)})->counter().Increment<kAlone>();
    }
    if (!collector->Share(*SegmentDirectory::Open(path)).ok()) return state.SkipWithError("no room for the segment");
  }
  DirectoryFleet fleet(*SegmentDirectory::Open(path), {nullptr, "", options});
  fleet.TakeIn();
  SeriesFilter filter;
  filter.family = definition.name;
  int i = 0;
  for (auto _ : state) {
    filter.labels = {{"session", std::to_string(i++)}};
    if (!fleet.Forget(&filter)) return state.SkipWithError("the directory is in use");
  }
}
BENCHMARK(BM_RemoveOfEnded)->Arg(0)->Arg(100)->Arg(5000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace toolvitals
