// Walking a segment's families and reading each one's series. Floor: snapshot.
#include "snapshot/collect_families.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"
#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"
#include "snapshot/removals.h"
#include "store/directory.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

// Whether the series was removed by another process, and its own has not recorded since. A baseline has no list, so
// its `next` says whether what it has was removed or reset.
bool IsRemoved(const FamilyDefinition& definition, const SeriesRecord& series, const SeriesRecord& before) {
  return before.next.load(std::memory_order_relaxed) != 0 &&
         KindOf(definition.kind).IsUnchanged(definition, series, before);
}

}  // namespace

void FamilyReader::KeepPart(const std::vector<bool>& kept, Known& known, FamilyPart& part) {
  if (known.kept_of != known.labels || known.kept != kept) {
    known.kept = kept;
    known.kept_of = known.labels;
    known.kept_labels = KeptOf(kept, *known.labels);
    known.kept_keys = known.keys == known.labels ? known.kept_labels : KeptOf(kept, *known.keys);
  }
  KeepValues(kept, part);
  part.snapshot.labels = known.kept_labels;
  part.keys = known.kept_keys;
}

void FamilyReader::Read(QuantileMethod method, std::vector<FamilySnapshot>& families) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    if (entry.kind != SeriesKind::kFamily) return;
    const auto* record = segment_.Find<FamilyRecord>(entry.cell);
    if (record == nullptr || (record->shown.load(std::memory_order_acquire) >> registry_ & 1) == 0) return;
    FamilySnapshot family;
    if (ReadFamily(*record, known_[entry.cell], method, family)) families.push_back(std::move(family));
  });
}

void FamilyReader::ReadParts(absl::FunctionRef<bool(uint64_t)> is_wanted, std::vector<FamilyPart>& parts) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    if (entry.kind != SeriesKind::kFamily) return;
    const auto* record = segment_.Find<FamilyRecord>(entry.cell);
    if (record == nullptr) return;
    const uint64_t shown = record->shown.load(std::memory_order_acquire);
    FamilyPart part;
    part.shown = (shown >> registry_ & 1) != 0;
    part.follows = member_.names_process && (shown & kInheritedFamily) != 0;
    if (!part.shown && !is_wanted(record->incarnation.load(std::memory_order_relaxed))) return;
    if (!ReadPart(*record, known_[entry.cell], part)) return;
    const bool is_removed =
        part.shown && member_.removals != nullptr && member_.removals->TakesFamily(part.definition.name);
    if (!is_removed) parts.push_back(std::move(part));
  });
}

void FamilyReader::ForEachFamily(absl::FunctionRef<bool(const FamilyRecord&)> is_wanted,
                                 absl::FunctionRef<void(const FamilyDefinition&, const FamilyRecord&)> visit) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    const auto* record = entry.kind == SeriesKind::kFamily ? segment_.Find<FamilyRecord>(entry.cell) : nullptr;
    if (record == nullptr || !is_wanted(*record)) return;
    Known& known = known_[entry.cell];
    if (ReadDefinition(*record, known)) visit(known.definition, *record);
  });
}

void FamilyReader::ForEachSeriesOf(
    std::string_view name, absl::FunctionRef<bool(const FamilyRecord&)> is_wanted,
    absl::FunctionRef<void(const FamilyDefinition&, const LabelSet&, const SeriesRecord&)> visit) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    const auto* record = entry.kind == SeriesKind::kFamily ? segment_.Find<FamilyRecord>(entry.cell) : nullptr;
    if (record == nullptr || !is_wanted(*record)) return;
    Known& known = known_[entry.cell];
    if (!Recognize(*record, known) || known.definition.name != name) return;
    const size_t size = known.places.size() - (known.shows_overflow && !known.places.empty() ? 1 : 0);
    for (size_t i = 0; i < size; ++i) {
      if (known.places[i].IsStill()) visit(known.definition, *(*known.keys)[i], *known.places[i].record);
    }
  });
}

std::optional<FamilySnapshot> FamilyReader::ReadOne(Offset family, QuantileMethod method) {
  FamilySnapshot snapshot;
  if (!ReadFamily(*segment_.At<FamilyRecord>(family), known_[family], method, snapshot)) return std::nullopt;
  return snapshot;
}

std::vector<std::pair<std::string, uint64_t>> FamilyReader::ReadOverflowed() {
  std::vector<std::pair<std::string, uint64_t>> overflowed;
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    if (entry.kind != SeriesKind::kFamily) return;
    const auto* record = segment_.Find<FamilyRecord>(entry.cell);
    const uint64_t count = record == nullptr ? 0 : member_.Counted(record->overflowed);
    if (count == 0) return;
    Known& known = known_[entry.cell];
    const bool may_be_removed = member_.removals != nullptr && member_.removals->size() != 0;
    if (may_be_removed && Recognize(*record, known) && !known.shows_overflow) return;
    if (ReadDefinition(*record, known)) overflowed.emplace_back(known.definition.name, count);
  });
  std::sort(overflowed.begin(), overflowed.end());
  return overflowed;
}

bool FamilyReader::ReadDefinition(const FamilyRecord& record, Known& known) {
  const uint64_t incarnation = record.incarnation.load(std::memory_order_acquire);
  if (incarnation == 0) return false;
  if (incarnation == known.incarnation) return true;
  const auto packed = LoadText(segment_, record.definition.load(std::memory_order_relaxed));
  std::atomic_thread_fence(std::memory_order_acquire);
  if (record.incarnation.load(std::memory_order_relaxed) != incarnation || !packed.has_value()) return false;
  std::optional<FamilyDefinition> definition = UnpackDefinition(*packed);
  if (!definition.has_value() || !CheckDefinition(*definition).ok()) return false;
  known = Known();
  known.incarnation = incarnation;
  known.definition = *std::move(definition);
  FamilyInfo info;
  info.name = known.definition.name;
  info.help = known.definition.help;
  info.unit = known.definition.unit;
  info.type = KindOf(known.definition.kind).type();
  info.bounds = known.definition.bounds;
  info.states = known.definition.states;
  info.is_open = known.definition.is_open;
  known.info = std::make_shared<const FamilyInfo>(std::move(info));
  return true;
}

bool FamilyReader::Recognize(const FamilyRecord& record, Known& known) {
  if (!ReadDefinition(record, known)) return false;
  const uint64_t membership = record.membership.load(std::memory_order_acquire);
  const bool overflowed = member_.Counted(record.overflowed) != 0;
  const uint64_t removals = member_.removals == nullptr ? 0 : member_.removals->version();
  if (known.labels == nullptr || known.membership != membership || known.overflowed != overflowed ||
      known.removals != removals) {
    known.overflowed = overflowed;
    const bool read = ReadSeries(record, known);
    if (known.labels == nullptr) known.keys = known.labels = std::make_shared<const LabelSets>();
    // Where it was disturbed for too long, those that were known before are shown, and the next scrape tries again.
    known.membership = read ? membership : membership - 1;
    known.removals = removals;
    if (removals != 0) TakeRemovals(record, known);
  }
  if (known.definition.kind == InstrumentKind::kInfo) ReadFacts(known);
  return true;
}

bool FamilyReader::IsSame(const FamilyRecord& record, const Known& known) {
  std::atomic_thread_fence(std::memory_order_acquire);
  return record.incarnation.load(std::memory_order_relaxed) == known.incarnation;
}

bool FamilyReader::ReadFamily(const FamilyRecord& record, Known& known, QuantileMethod method, FamilySnapshot& family) {
  if (!Recognize(record, known)) return false;
  FamilyPart part;
  const std::vector<uint64_t> used = UsedOf(known);
  ReadValues(known, method, part);
  if (!IsSame(record, known)) return false;
  family = std::move(part.snapshot);
  family.info = known.info;
  family.labels = known.labels;
  const std::vector<bool> kept = Kept(record, known, family.values, used);
  if (!kept.empty()) KeepSeries(kept, family);
  return true;
}

bool FamilyReader::ReadPart(const FamilyRecord& record, Known& known, FamilyPart& part) {
  if (!Recognize(record, known)) return false;
  part.definition = known.definition;
  part.identity = known.incarnation;
  part.snapshot.info = known.info;
  part.snapshot.labels = known.labels;
  part.keys = known.keys;
  part.shows_overflow = known.shows_overflow && !known.places.empty();
  part.overflowed = known.shows_overflow ? member_.Counted(record.overflowed) : 0;
  part.used_ns = UsedOf(known);
  ReadValues(known, std::nullopt, part);
  ReadChanges(known, part);
  if (!IsSame(record, known)) return false;
  const std::vector<bool> kept = Kept(record, known, part.snapshot.values, /*used=*/{});
  if (!kept.empty()) KeepPart(kept, known, part);
  return true;
}

void FamilyReader::ReadChanges(const Known& known, FamilyPart& part) const {
  if (!KindOf(known.definition.kind).dates_changes()) return;
  for (const SeriesPlace& place : known.places) {
    part.changed_us.push_back(static_cast<int64_t>(place.record->created_us.load(std::memory_order_relaxed)));
  }
}

std::vector<uint64_t> FamilyReader::UsedOf(const Known& known) {
  std::vector<uint64_t> used;
  if (known.definition.ttl_ns == 0) return used;
  // Pairs with the release of a series that begins anew: what is read after this is what it has since.
  for (const SeriesPlace& place : known.places) used.push_back(place.record->used_ns.load(std::memory_order_acquire));
  return used;
}

const SeriesRecord* FamilyReader::Before(const SeriesRecord& series) const {
  const SeriesRecord* before = member_.Before(&series);
  const bool same = before != nullptr && before->generation.load(std::memory_order_relaxed) ==
                                             series.generation.load(std::memory_order_relaxed);
  return same ? before : nullptr;
}

// Empty where all are kept. What goes: what was removed while it was read, or by another process and not recorded
// since, what a forked process has from its parent, what a function has not given yet, and what is past its time to
// live, by when each was used, where that is told.
std::vector<bool> FamilyReader::Kept(const FamilyRecord& record, const Known& known, const std::vector<Number>& values,
                                     const std::vector<uint64_t>& used) const {
  const uint64_t ttl = used.empty() ? 0 : known.definition.ttl_ns;
  const bool moved = record.membership.load(std::memory_order_relaxed) != known.membership;
  const bool inherits = member_.names_process && segment_.header().inherited.load(std::memory_order_relaxed) != 0;
  const MetricKind& kind = KindOf(known.definition.kind);
  if (known.places.empty() || (!moved && ttl == 0 && !inherits && !kind.can_be_absent() && member_.baseline == nullptr))
    return {};
  const uint64_t now = Clock::MonotonicNanos();
  std::vector<bool> kept(known.places.size(), true);
  for (size_t i = 0; i < known.places.size(); ++i) {
    const SeriesRecord& series = *known.places[i].record;
    if (moved) kept[i] = known.places[i].IsStill();
    if (kind.can_be_absent() && kind.IsAbsent(values[i])) kept[i] = false;
    const bool is_overflow = known.shows_overflow && i + 1 == known.places.size();
    if (inherits && !is_overflow && IsInherited(segment_, known.definition, series)) kept[i] = false;
    if (const SeriesRecord* before = Before(series)) kept[i] = kept[i] && !IsRemoved(known.definition, series, *before);
    if (ttl != 0 && !is_overflow && now > used[i] && now - used[i] >= ttl) kept[i] = false;
  }
  return std::find(kept.begin(), kept.end(), false) == kept.end() ? std::vector<bool>() : kept;
}

void FamilyReader::TakeRemovals(const FamilyRecord& record, Known& known) const {
  std::vector<bool> kept = member_.removals->Kept(known.definition.name, record, *known.keys);
  if (kept.empty()) return;
  known.shows_overflow = known.shows_overflow && kept.back();
  KeepRows(kept, known.places);
  known.keys = known.labels = KeptOf(kept, *known.keys);
  known.fact_versions.clear();
}

void FamilyReader::ReadFacts(Known& known) {
  std::shared_ptr<LabelSets> changed;
  known.fact_versions.resize(known.places.size(), UINT64_MAX);
  for (size_t i = 0; i < known.places.size(); ++i) {
    const SeriesRecord& series = *known.places[i].record;
    const InfoSeriesCell& cell = series.As<InfoSeriesCell>();
    const uint64_t version = cell.version.load(std::memory_order_acquire);
    if (version == known.fact_versions[i] || version % 2 != 0) continue;
    const Offset facts = cell.facts.load(std::memory_order_relaxed);
    const auto packed = facts == 0 ? std::string() : LoadText(segment_, facts);
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto texts = packed.has_value() ? UnpackTexts(*packed) : std::nullopt;
    if (cell.version.load(std::memory_order_relaxed) != version || !texts.has_value()) continue;
    if (changed == nullptr) changed = std::make_shared<LabelSets>(*known.labels);
    const auto own = known.sets.find(known.places[i].generation);
    LabelSet::Pairs pairs = own == known.sets.end() ? (*changed)[i]->pairs : own->second->pairs;
    for (size_t fact = 0; fact + 1 < texts->size(); fact += 2) {
      pairs.emplace_back((*texts)[fact], (*texts)[fact + 1]);
    }
    (*changed)[i] = std::make_shared<const LabelSet>(std::move(pairs));
    known.fact_versions[i] = version;
  }
  if (changed != nullptr) known.labels = std::move(changed);
}

void FamilyReader::ReadValues(const Known& known, std::optional<QuantileMethod> quantiles, FamilyPart& part) const {
  FamilyReading reading = {segment_, known.definition, known.places, member_.baseline, {}, quantiles};
  if (member_.baseline != nullptr) {
    reading.before.reserve(known.places.size());
    for (const SeriesPlace& place : known.places) reading.before.push_back(Before(*place.record));
  }
  KindOf(known.definition.kind).Read(reading, part);
}

}  // namespace toolvitals
