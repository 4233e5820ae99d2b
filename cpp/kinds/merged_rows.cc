// Dates, times of use and exemplars of what is added up. Floor: kinds.
#include "kinds/merged_rows.h"

#include <algorithm>

#include "kinds/metric_kind.h"

namespace toolvitals {

MergedRows::MergedRows(size_t size, FamilyPart& merged) : merged_(merged), changed_us_(size, kNever) {
  if (definition().ttl_ns != 0) merged.used_ns.resize(size);
}

void MergedRows::AddPart(const FamilyPart& part, std::span<const size_t> rows) {
  Add(part, rows);
  for (size_t i = 0; !part.used_ns.empty() && i < rows.size(); ++i) {
    merged_.used_ns[rows[i]] = std::max(merged_.used_ns[rows[i]], part.used_ns[i]);
  }
  for (size_t i = 0; !part.changed_us.empty() && i < rows.size(); ++i) {
    changed_us_[rows[i]] = std::max(changed_us_[rows[i]], part.changed_us[i]);
  }
  for (const auto& placed : part.snapshot.exemplars) {
    Exemplar& kept = exemplars_[{rows[placed.series], placed.bucket}];
    if (placed.exemplar.timestamp_us >= kept.timestamp_us) kept = placed.exemplar;
  }
}

void MergedRows::AddCreated(const FamilyPart& part, std::span<const size_t> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    int64_t& created = values().created_us[rows[i]];
    const int64_t theirs = part.snapshot.created_us[i];
    created = created == 0 ? theirs : std::min(created, theirs);
  }
}

void MergedRows::FinishAll() {
  Finish();
  for (auto& [place, exemplar] : exemplars_) {
    values().exemplars.push_back({place.first, place.second, std::move(exemplar)});
  }
  if (KindOf(definition().kind).dates_changes()) merged_.changed_us = std::move(changed_us_);
}

}  // namespace toolvitals
