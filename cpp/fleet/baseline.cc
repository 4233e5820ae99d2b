// Copying what a segment holds at a reset, whole or cell by cell. Floor: fleet.
#include "fleet/baseline.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kinds/metric_kind.h"
#include "snapshot/collect_families.h"

namespace toolvitals {
namespace {

SegmentHeader& HeaderOf(std::vector<char>& image) { return *reinterpret_cast<SegmentHeader*>(image.data()); }

}  // namespace

Baseline::Baseline(const Segment& segment, const Segment* before) : segment_(segment) {
  if (before != nullptr) image_ = before->Copy({});
  const bool is_new = image_.empty();
  image_.resize(std::max<size_t>(image_.size(), segment.used_bytes()));
  // It is one of the layout that its segment has; what a header counts is taken with all the rest or not at all.
  SegmentHeader& header = HeaderOf(image_);
  if (is_new) {
    memcpy(static_cast<void*>(&header), &segment.header(), offsetof(SegmentHeader, scrapes));
    header.directory.store(0, std::memory_order_relaxed);
    header.resets.store(segment.header().resets.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  header.used_bytes.store(image_.size(), std::memory_order_relaxed);
}

void Baseline::TakeAll() {
  const uint64_t bytes = image_.size();
  image_ = segment_.Copy({});
  image_.resize(std::max<size_t>(bytes, image_.size()));
  HeaderOf(image_).used_bytes.store(image_.size(), std::memory_order_relaxed);
}

bool Baseline::Take(Offset offset, uint64_t bytes) {
  if (!segment_.Holds(offset, bytes) || offset + bytes > image_.size()) return false;
  memcpy(image_.data() + offset, segment_.At<char>(offset), bytes);
  return true;
}

bool Baseline::TakeOne(const FamilyDefinition& definition, const SeriesRecord& series) {
  KindOf(definition.kind).ForEachBlock(segment_, series, [&](Offset block, uint64_t bytes) { Take(block, bytes); });
  return Take(segment_.OffsetOf(&series), SeriesBytes(definition));
}

bool Baseline::TakeOverflow(const FamilyDefinition& definition, const FamilyRecord& family) {
  if (family.overflowed.load(std::memory_order_relaxed) == 0) return false;
  const Offset overflow = family.overflow.load(std::memory_order_relaxed);
  const auto* series = segment_.Find<SeriesRecord>(overflow, SeriesBytes(definition));
  // The record for the number of what was made into it.
  return series != nullptr && TakeOne(definition, *series) && Take(segment_.OffsetOf(&family), sizeof(FamilyRecord));
}

bool Baseline::TakeSeries(const SeriesFilter& filter) {
  bool any = false;
  FamilyReader reader(segment_, kDefaultRegistry);
  reader.ForEachSeriesOf(
      filter.family, [&](const FamilyRecord& family) { return filter.IsOf(family); },
      [&](const FamilyDefinition& definition, const LabelSet& labels, const SeriesRecord& series) {
        if (!filter.Matches(labels) || IsInherited(segment_, definition, series)) return;
        if (!TakeOne(definition, series)) return;
        any = true;
        const Offset offset = segment_.OffsetOf(&series);
        reinterpret_cast<SeriesRecord*>(image_.data() + offset)->next.store(1, std::memory_order_relaxed);
      });
  reader.ForEachFamily([&](const FamilyRecord& family) { return filter.IsOf(family); },
                       [&](const FamilyDefinition& definition, const FamilyRecord& family) {
                         if (definition.name != filter.family || !filter.Matches(*OverflowLabels(definition))) return;
                         any = TakeOverflow(definition, family) || any;
                       });
  return any;
}

absl::StatusOr<std::unique_ptr<Segment>> Baseline::Make() const {
  absl::StatusOr<std::unique_ptr<Segment>> made = Segment::CreateAnonymous(kMaxMemoryLimitMb << 20);
  if (!made.ok()) return made.status();
  if (absl::Status status = (*made)->AdoptPrivately(image_); !status.ok()) return status;
  return made;
}

}  // namespace toolvitals
