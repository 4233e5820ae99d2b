// From cells to values: one snapshot of one process, or of all that make one service.
// Floor: snapshot.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/collector.h"
#include "model/snapshot.h"
#include "snapshot/family_merger.h"
#include "snapshot/fleet.h"
#include "snapshot/tool_reader.h"
#include "sources/source_list.h"

namespace toolvitals {

// Takes snapshots. Writers are never waited for and never wait: cells are read while they are written, and are made so
// that whatever is derived from them agrees (see collector/cells.h).
//
// A reader belongs to one thread, so that no lock of it can be left held by a fork; many readers may read one
// collector.
class SnapshotReader {
 public:
  // Shows the families of the default registry, and behind them those of `sources`, where it is not nullptr.
  // `fleet` says what is read beside the collector's own segment; nullptr: nothing.
  explicit SnapshotReader(Collector& collector, SourceList* sources = nullptr, std::unique_ptr<Fleet> fleet = nullptr)
      : collector_(collector), sources_(sources), fleet_(std::move(fleet)) {
    alone_.members.resize(1);
    alone_.members.front().segment = &collector.segment();
  }

  std::shared_ptr<const Snapshot> Read();
  // Tools and caches alone, with what is said of all of them.
  std::shared_ptr<const Snapshot> ReadTools();
  // One tool or cache; nullopt for one that was never registered.
  std::optional<ToolSnapshot> ReadTool(std::string_view name);
  std::optional<CacheSnapshot> ReadCache(std::string_view name);

 private:
  // What is shown of whom, and the tools and caches.
  std::shared_ptr<Snapshot> ReadTools(std::span<const Member> members);
  const Segment& AnsweringOf(std::span<const Member> members) const;
  std::shared_ptr<const Snapshot> ReadAll();
  // What is kept from one reading to the next may be half-changed where memory ran out in the middle of one.
  template <typename Reading>
  auto OrForget(Reading read);
  const FleetView& Look() { return fleet_ == nullptr ? alone_ : fleet_->Look(); }
  void Rest() {
    if (fleet_ != nullptr) fleet_->Rest();
  }

  Collector& collector_;
  SourceList* const sources_;
  const std::unique_ptr<Fleet> fleet_;
  FleetView alone_;
  ToolReader tools_;
  FamilyMerger families_;
};

}  // namespace toolvitals
