// From cells to values: one snapshot of one process.
// Floor: snapshot.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "collector/collector.h"
#include "snapshot/collect_families.h"
#include "snapshot/snapshot.h"
#include "snapshot/source_list.h"

namespace toolvitals {

// What the interpreter says of itself; set once by the bindings.
struct PythonInfo {
  std::string implementation, version, major, minor, patchlevel;
  size_t gc_generations = 0;
};

// Takes snapshots. Writers are never waited for and never wait: cells are read while they are written, and are made so
// that whatever is derived from them agrees (see collector/cells.h).
//
// A reader belongs to one thread, so that no lock of it can be left held by a fork; many readers may read one
// collector. The statistics of a window are kept, and computed again only when it has moved: an idle tool costs a
// scrape nothing but its lines.
class SnapshotReader {
 public:
  // Shows the families of the default registry, and behind them those of `sources`, where it is not nullptr.
  explicit SnapshotReader(Collector& collector, SourceList* sources = nullptr)
      : collector_(collector), sources_(sources), families_(collector.segment(), kDefaultRegistry) {}

  std::shared_ptr<const Snapshot> Read();
  // One tool or cache; nullopt for one that was never registered.
  std::optional<ToolSnapshot> ReadTool(std::string_view name);
  std::optional<CacheSnapshot> ReadCache(std::string_view name);

  // Thread-safe; the last call holds.
  static void SetPythonInfo(PythonInfo info);

 private:
  struct KeptStats {
    WindowCell::Position position;
    uint64_t window_size = 0;
    QuantileMethod method = QuantileMethod::kExclusive;
    WindowStats stats;
  };

  ToolSnapshot Collect(std::string_view name, const ToolCell& cell);
  WindowStats Statistics(const WindowCell& window, std::optional<uint64_t> recorded);

  Collector& collector_;
  SourceList* const sources_;
  FamilyReader families_;
  absl::flat_hash_map<const WindowCell*, KeptStats> kept_;
  std::vector<double> samples_;
};

}  // namespace toolvitals
