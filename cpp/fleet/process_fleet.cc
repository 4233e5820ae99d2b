// Choosing between the process alone, its directory and its forked children. Floor: fleet.
#include "fleet/process_fleet.h"

#include <utility>

namespace toolvitals {

Collector::Sharing ProcessFleet::Find() {
  Collector::Sharing sharing = collector_.sharing();
  // A forked child has another name in the same place.
  if (sharing.place == place_ && sharing.name == name_) return sharing;
  place_ = sharing.place;
  name_ = sharing.name;
  directory_.reset();
  if (auto directory = std::dynamic_pointer_cast<SegmentDirectory>(place_)) {
    directory_ = std::make_unique<DirectoryFleet>(
        std::move(directory), DirectoryFleet::Options{&collector_.segment(), name_, collector_.options()});
  }
  return sharing;
}

const FleetView& ProcessFleet::Look() {
  const Collector::Sharing sharing = Find();
  if (directory_ != nullptr) return directory_->Look();
  view_ = FleetView();
  Member own;
  own.id = kOwnMemberId;
  own.segment = &collector_.segment();
  view_.members.push_back(own);
  const auto group = std::dynamic_pointer_cast<ForkGroup>(place_);
  return group == nullptr || !sharing.is_founder ? view_ : LookAtGroup(group);
}

bool ProcessFleet::Forget(const SeriesFilter* only) {
  const Collector::Sharing sharing = Find();
  if (directory_ != nullptr) return directory_->Forget(only);
  const auto group = std::dynamic_pointer_cast<ForkGroup>(place_);
  if (group == nullptr || !sharing.is_founder) return true;
  return ForkLedger::Global().Forget(group, collector_.segment(), collector_.options(), only);
}

const FleetView& ProcessFleet::LookAtGroup(const std::shared_ptr<ForkGroup>& group) {
  forked_ = ForkLedger::Global().LookAt(group, collector_.segment(), collector_.options());
  view_.members.insert(view_.members.end(), forked_.members.begin(), forked_.members.end());
  view_.live_processes += forked_.live_processes;
  view_.retired_processes = forked_.retired_processes;
  return view_;
}

}  // namespace toolvitals
