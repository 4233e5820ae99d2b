// Families that native code outside tells of, as a source of ours.
// Floor: bridge.
#pragma once

#include <vector>

#include "model/family_snapshot.h"
#include "toolvitals/api.h"

namespace toolvitals {

// Collect() throws std::runtime_error where the source says that it failed.
//
// A counter whose name does not end with "_total" would have to be renamed in OpenMetrics; it keeps its name and is
// shown without a type. Cumulative counts that fall are read as if they did not.
class VisitedSource final : public FamilySource {
 public:
  // Takes over the source, and releases it in the end.
  explicit VisitedSource(const toolvitals_source& source) : source_(source) {}
  ~VisitedSource() override;
  VisitedSource(const VisitedSource&) = delete;
  VisitedSource& operator=(const VisitedSource&) = delete;

  void Collect(std::vector<FamilySnapshot>& families) override;

 private:
  const toolvitals_source source_;
};

}  // namespace toolvitals
