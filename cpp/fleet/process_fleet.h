// Whom the process of a collector shows: itself, and those it shares a place with.
// Floor: fleet.
#pragma once

#include <memory>

#include "collector/collector.h"
#include "fleet/directory_fleet.h"
#include "fleet/fork_ledger.h"

namespace toolvitals {

// With a directory: all of it. Without: the process and what was forked from it; a process that was itself forked, and
// has founded no group of its own, shows itself alone, for its founder shows it.
class ProcessFleet final : public Fleet {
 public:
  explicit ProcessFleet(Collector& collector) : collector_(collector) {}

  const FleetView& Look() override;
  bool Forget(const SeriesFilter* only) override;
  void Rest() override { forked_ = ForkLedger::Look(); }

 private:
  Collector::Sharing Find();
  const FleetView& LookAtGroup(const std::shared_ptr<ForkGroup>& group);

  Collector& collector_;
  std::shared_ptr<SegmentPlace> place_;
  std::string name_;
  std::unique_ptr<DirectoryFleet> directory_;
  ForkLedger::Look forked_;
  FleetView view_;
};

}  // namespace toolvitals
