// All families of one segment: memory for them, budgets, and who was refused.
// Floor: registry.
#pragma once

#include <memory>
#include <set>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "registry/family.h"
#include "registry/family_identity.h"
#include "registry/heavy_hitters.h"
#include "registry/series_budget.h"

namespace toolvitals {

// Outlives its families. Thread-safe.
class InstrumentStore {
 public:
  // `mutex` is the one that guards `budget`; whoever forks holds it meanwhile.
  InstrumentStore(Segment& segment, SeriesBudget& budget, absl::Mutex& mutex)
      : segment_(segment), series_budget_(budget), mutex_(mutex), offenders_(segment) {}

  // A family that no registry shows yet; one without labels has its one series already. InvalidArgument for a bad
  // definition, ResourceExhausted where the byte budget does not hold it.
  absl::StatusOr<std::shared_ptr<Family>> Create(FamilyDefinition definition, const FamilyOptions& options = {});

  // Zeroes what every family counted; gauges too, unless this is the child of a fork, which inherits their values as
  // it inherits the program's. Called with the mutex held.
  void ResetAll(bool after_fork);
  // From here on what the process was forked with is its own: those that it goes to never saw its parent. Called with
  // the mutex held.
  void OwnAll();

  // Calls `visit(ring)` for the word that leads to each window's samples. Called with the mutex held.
  void ForEachRing(absl::FunctionRef<void(const Word&)> visit) const;

  Segment& segment() { return segment_; }
  const Segment& segment() const { return segment_; }

 private:
  friend class Family;
  friend class Series;

  // Takes the mutex.
  void FreeSeries(Series& series);

  // These, and all below but the segment, are for whoever holds the mutex.
  FamilyRecord* TakeRecord();
  // What a series took, to the pool, once.
  void FreeBlocks(Series& series);
  // Makes a family's record free for another.
  void Forget(Family& family, FamilyRecord& record);

  Segment& segment_;
  SeriesBudget& series_budget_;
  absl::Mutex& mutex_;
  HeavyHitters offenders_;
  std::vector<FamilyRecord*> free_records_;  // with room for all records
  size_t records_ = 0;
  std::set<Family*> families_;
  uint64_t generation_ = 0;  // of the series made last
  FamilyIdentities identities_;
};

}  // namespace toolvitals
