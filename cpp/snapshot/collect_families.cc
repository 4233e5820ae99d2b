// Walking a segment's families and reading each one's series. Floor: snapshot.
#include "snapshot/collect_families.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "base/clock.h"
#include "metrics/exemplar_slot.h"
#include "snapshot/removals.h"
#include "store/directory.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

// How many series before its turn a cell is fetched.
constexpr size_t kAhead = 8;
constexpr uint64_t kMicrosPerMilli = 1000;

FamilyType TypeOf(InstrumentKind kind) {
  switch (kind) {
    case InstrumentKind::kCounter:
      return FamilyType::kCounter;
    case InstrumentKind::kGauge:
      return FamilyType::kGauge;
    case InstrumentKind::kHistogram:
      return FamilyType::kHistogram;
    case InstrumentKind::kSummary:
      return FamilyType::kSummary;
    case InstrumentKind::kInfo:
      return FamilyType::kInfo;
    case InstrumentKind::kStateSet:
      return FamilyType::kStateSet;
    case InstrumentKind::kNone:
      break;
  }
  return FamilyType::kUnknown;
}

uint64_t CountSince(uint64_t now, const Word& before) {
  const uint64_t then = before.load(std::memory_order_relaxed);
  return now > then ? now - then : 0;
}

// What was counted since `before`, where that is not nullptr.
Number ValueOf(const CounterCell& cell, const SeriesRecord* before) {
  uint64_t integer = cell.Integer();
  double fraction = LoadDouble(cell.fraction);
  if (before != nullptr) {
    integer = CountSince(integer, before->As<CounterCell>().integer);
    fraction -= LoadDouble(before->As<CounterCell>().fraction);
  }
  return fraction == 0 ? Number(integer) : Number(static_cast<double>(integer) + fraction);
}

// Takes the buckets away that were counted before; returns the sum of then.
double TakeAway(const HistogramCell& before, std::span<uint64_t> counts) {
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = CountSince(counts[i], before.buckets[i]);
  return before.Sum();
}

std::shared_ptr<const NativeHistogram> Since(const std::shared_ptr<const NativeHistogram>& now,
                                             const std::shared_ptr<const NativeHistogram>& before) {
  if (before == nullptr) return now;
  auto since = std::make_shared<NativeHistogram>(*now);
  Subtract(*since, *before);
  return since;
}

// Whether the series was removed by another process, and its own has not recorded since. A baseline has no list, so
// its `next` says whether what it has was removed or reset.
bool IsRemoved(const FamilyDefinition& definition, const SeriesRecord& series, const SeriesRecord& before) {
  if (before.next.load(std::memory_order_relaxed) == 0) return false;
  const size_t words = (SeriesBytes(definition) - offsetof(SeriesRecord, cell)) / sizeof(Word);
  for (size_t i = 0; i < words; ++i) {
    const bool is_offset = definition.kind == InstrumentKind::kHistogram && i == 0;
    if (!is_offset &&
        series.cell[i].load(std::memory_order_relaxed) != before.cell[i].load(std::memory_order_relaxed)) {
      return false;
    }
  }
  return true;
}

// Keeps the entries that are marked, of an array with one row per series or with none at all.
template <typename T>
void KeepRows(const std::vector<bool>& kept, std::vector<T>& values) {
  const size_t row = values.size() / kept.size();
  size_t to = 0;
  for (size_t series = 0; series < kept.size(); ++series) {
    for (size_t i = 0; kept[series] && i < row; ++i) {
      if (to != series * row + i) values[to] = std::move(values[series * row + i]);
      ++to;
    }
  }
  values.resize(to);
}

std::shared_ptr<const LabelSets> KeptOf(const std::vector<bool>& kept, const LabelSets& labels) {
  auto left = std::make_shared<LabelSets>();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) left->push_back(labels[i]);
  }
  return left;
}

// All but the labels.
void KeepValues(const std::vector<bool>& kept, FamilySnapshot& family) {
  KeepRows(kept, family.values);
  KeepRows(kept, family.counts);
  KeepRows(kept, family.sums);
  KeepRows(kept, family.natives);
  KeepRows(kept, family.quantiles);
  KeepRows(kept, family.created_us);
  KeepRows(kept, family.timestamps_ms);
  std::vector<size_t> places;
  size_t place = 0;
  for (const bool keep : kept) places.push_back(keep ? place++ : place);
  std::erase_if(family.exemplars, [&](const auto& placed) { return !kept[placed.series]; });
  for (auto& placed : family.exemplars) placed.series = places[placed.series];
}

void KeepValues(const std::vector<bool>& kept, FamilyPart& part) {
  KeepValues(kept, part.snapshot);
  KeepRows(kept, part.changed_us);
  KeepRows(kept, part.used_ns);
  KeepRows(kept, part.samples);
  part.shows_overflow = part.shows_overflow && kept.back();
}

}  // namespace

void KeepSeries(const std::vector<bool>& kept, FamilySnapshot& family) {
  KeepValues(kept, family);
  family.labels = KeptOf(kept, *family.labels);
}

void KeepSeries(const std::vector<bool>& kept, FamilyPart& part) {
  KeepValues(kept, part);
  part.snapshot.labels = KeptOf(kept, *part.snapshot.labels);
  part.keys = KeptOf(kept, *part.keys);
}

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

void FamilyReader::ReadParts(bool hidden_too, std::vector<FamilyPart>& parts) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    if (entry.kind != SeriesKind::kFamily) return;
    const auto* record = segment_.Find<FamilyRecord>(entry.cell);
    if (record == nullptr) return;
    const uint64_t shown = record->shown.load(std::memory_order_acquire);
    FamilyPart part;
    part.shown = (shown >> registry_ & 1) != 0;
    part.follows = member_.names_process && (shown & kInheritedFamily) != 0;
    if ((!part.shown && !hidden_too) || !ReadPart(*record, known_[entry.cell], part)) return;
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
    std::string_view name,
    absl::FunctionRef<void(const FamilyDefinition&, const LabelSet&, const SeriesRecord&)> visit) {
  ForEachSeries(segment_, [&](const DirectoryView& entry) {
    const auto* record = entry.kind == SeriesKind::kFamily ? segment_.Find<FamilyRecord>(entry.cell) : nullptr;
    if (record == nullptr) return;
    Known& known = known_[entry.cell];
    if (!Recognize(*record, known) || known.definition.name != name) return;
    const size_t size = known.members.size() - (known.shows_overflow && !known.members.empty() ? 1 : 0);
    for (size_t i = 0; i < size; ++i) {
      if (IsStill(known.members[i])) visit(known.definition, *(*known.keys)[i], *known.members[i].record);
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
  info.type = TypeOf(known.definition.kind);
  info.bounds = known.definition.bounds;
  info.states = known.definition.states;
  known.info = std::make_shared<const FamilyInfo>(std::move(info));
  return true;
}

bool FamilyReader::Recognize(const FamilyRecord& record, Known& known) {
  if (!ReadDefinition(record, known)) return false;
  const uint64_t membership = record.membership.load(std::memory_order_acquire);
  const bool shows_overflow = member_.Counted(record.overflowed) != 0;
  const uint64_t removals = member_.removals == nullptr ? 0 : member_.removals->version();
  if (known.labels == nullptr || known.membership != membership || known.shows_overflow != shows_overflow ||
      known.removals != removals) {
    known.shows_overflow = shows_overflow;
    const bool read = ReadMembers(record, known);
    if (known.labels == nullptr) known.keys = known.labels = std::make_shared<const LabelSets>();
    // Where it was disturbed for too long, those that were known before are shown, and the next scrape tries again.
    known.membership = read ? membership : membership - 1;
    known.removals = removals;
    if (removals != 0) TakeRemovals(known);
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
  family.info = known.info;
  family.labels = known.labels;
  ReadValues(known, method, family, nullptr);
  if (!IsSame(record, known)) return false;
  const std::vector<bool> kept = Kept(record, known, family.values, /*expired_too=*/false);
  if (!kept.empty()) KeepSeries(kept, family);
  return true;
}

bool FamilyReader::ReadPart(const FamilyRecord& record, Known& known, FamilyPart& part) {
  if (!Recognize(record, known)) return false;
  part.definition = known.definition;
  part.snapshot.info = known.info;
  part.snapshot.labels = known.labels;
  part.keys = known.keys;
  part.shows_overflow = known.shows_overflow && !known.members.empty();
  part.overflowed = member_.Counted(record.overflowed);
  ReadValues(known, QuantileMethod::kExclusive, part.snapshot, &part);
  ReadExtras(known, part);
  if (!IsSame(record, known)) return false;
  const std::vector<bool> kept = Kept(record, known, part.snapshot.values, /*expired_too=*/true);
  if (!kept.empty()) KeepPart(kept, known, part);
  return true;
}

void FamilyReader::ReadExtras(const Known& known, FamilyPart& part) const {
  const InstrumentKind kind = known.definition.kind;
  for (const Place& place : known.members) {
    if (kind == InstrumentKind::kGauge || kind == InstrumentKind::kInfo || kind == InstrumentKind::kStateSet) {
      part.changed_us.push_back(static_cast<int64_t>(place.record->created_us.load(std::memory_order_relaxed)));
    }
    if (known.definition.ttl_ns != 0) {
      part.used_ns.push_back(place.record->used_ns.load(std::memory_order_relaxed));
    }
  }
}

const SeriesRecord* FamilyReader::Before(const SeriesRecord& series) const {
  const SeriesRecord* before = member_.Before(&series);
  const bool same = before != nullptr && before->generation.load(std::memory_order_relaxed) ==
                                             series.generation.load(std::memory_order_relaxed);
  return same ? before : nullptr;
}

// Empty where all are kept. What goes: what was removed while it was read, or by another process and not recorded
// since, what a forked process has from its parent, what a function has not given yet, and what is past its time to
// live.
std::vector<bool> FamilyReader::Kept(const FamilyRecord& record, const Known& known, const std::vector<Number>& values,
                                     bool expired_too) const {
  const uint64_t ttl = expired_too ? 0 : known.definition.ttl_ns;
  const bool moved = record.membership.load(std::memory_order_relaxed) != known.membership;
  const bool inherits = member_.names_process && segment_.header().inherited.load(std::memory_order_relaxed) != 0;
  const bool is_gauge = known.definition.kind == InstrumentKind::kGauge;
  if (known.members.empty() || (!moved && ttl == 0 && !inherits && !is_gauge && member_.baseline == nullptr)) return {};
  const uint64_t now = Clock::MonotonicNanos();
  std::vector<bool> kept(known.members.size(), true);
  for (size_t i = 0; i < known.members.size(); ++i) {
    const SeriesRecord& series = *known.members[i].record;
    if (moved) kept[i] = IsStill(known.members[i]);
    if (is_gauge && GaugeCell::IsAbsent(values[i].AsDouble())) kept[i] = false;
    const bool is_overflow = known.shows_overflow && i + 1 == known.members.size();
    if (inherits && !is_overflow && IsInherited(segment_, known.definition, series)) kept[i] = false;
    if (const SeriesRecord* before = Before(series)) kept[i] = kept[i] && !IsRemoved(known.definition, series, *before);
    const uint64_t used = series.used_ns.load(std::memory_order_relaxed);
    if (ttl != 0 && !is_overflow && now > used && now - used >= ttl) kept[i] = false;
  }
  return std::find(kept.begin(), kept.end(), false) == kept.end() ? std::vector<bool>() : kept;
}

void FamilyReader::TakeRemovals(Known& known) const {
  std::vector<bool> kept = member_.removals->Kept(known.definition.name, *known.keys);
  if (kept.empty()) return;
  if (known.shows_overflow) kept.back() = true;
  KeepRows(kept, known.members);
  known.keys = known.labels = KeptOf(kept, *known.keys);
  known.fact_versions.clear();
}

void FamilyReader::ReadFacts(Known& known) {
  std::shared_ptr<LabelSets> changed;
  known.fact_versions.resize(known.members.size(), UINT64_MAX);
  for (size_t i = 0; i < known.members.size(); ++i) {
    const SeriesRecord& series = *known.members[i].record;
    const InfoSeriesCell& cell = series.As<InfoSeriesCell>();
    const uint64_t version = cell.version.load(std::memory_order_acquire);
    if (version == known.fact_versions[i] || version % 2 != 0) continue;
    const Offset facts = cell.facts.load(std::memory_order_relaxed);
    const auto packed = facts == 0 ? std::string() : LoadText(segment_, facts);
    std::atomic_thread_fence(std::memory_order_acquire);
    const auto texts = packed.has_value() ? UnpackTexts(*packed) : std::nullopt;
    if (cell.version.load(std::memory_order_relaxed) != version || !texts.has_value()) continue;
    if (changed == nullptr) changed = std::make_shared<LabelSets>(*known.labels);
    const auto own = known.sets.find(known.members[i].generation);
    LabelSet::Pairs pairs = own == known.sets.end() ? (*changed)[i]->pairs : own->second->pairs;
    for (size_t fact = 0; fact + 1 < texts->size(); fact += 2) {
      pairs.emplace_back((*texts)[fact], (*texts)[fact + 1]);
    }
    (*changed)[i] = std::make_shared<const LabelSet>(std::move(pairs));
    known.fact_versions[i] = version;
  }
  if (changed != nullptr) known.labels = std::move(changed);
}

void FamilyReader::ReadValues(const Known& known, QuantileMethod method, FamilySnapshot& family, FamilyPart* part) {
  const size_t size = known.members.size();
  const auto each = [&](auto read) {
    for (size_t i = 0; i < size; ++i) {
      // Of many series hardly any cell is in a cache.
      if (i + kAhead < size) __builtin_prefetch(known.members[i + kAhead].record);
      read(*known.members[i].record);
    }
  };
  const auto created = [&](const SeriesRecord& series) {
    family.created_us.push_back(static_cast<int64_t>(series.created_us.load(std::memory_order_relaxed)));
  };
  const auto exemplars = [&](const SeriesRecord& series, size_t slots) {
    if (series.exemplars.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    for (size_t i = 0; i < slots; ++i) {
      std::optional<Exemplar> exemplar = ReadExemplar(segment_, series, i);
      const auto place = static_cast<size_t>(family.created_us.size()) - 1;
      if (exemplar.has_value()) family.exemplars.push_back({place, i, *std::move(exemplar)});
    }
  };
  const FamilyDefinition& definition = known.definition;
  switch (definition.kind) {
    case InstrumentKind::kCounter:
      family.values.reserve(size);
      family.created_us.reserve(size);
      return each([&](const SeriesRecord& series) {
        const SeriesRecord* before = Before(series);
        family.values.push_back(ValueOf(series.As<CounterCell>(), before));
        created(series);
        exemplars(series, 1);
      });
    case InstrumentKind::kGauge:
      family.values.reserve(size);
      return each([&](const SeriesRecord& series) {
        const GaugeCell& cell = series.As<GaugeCell>();
        const double value = cell.Value();
        const SeriesRecord* before = Before(series);
        const bool is_refreshed = cell.IsRefreshed();
        // Reset, and not set since. What is refreshed is of its time, whatever was reset.
        const bool is_zero = !is_refreshed && before != nullptr && cell.Equals(before->As<GaugeCell>());
        family.values.emplace_back(is_zero ? 0 : value);
        if (!is_refreshed && family.timestamps_ms.empty()) [[likely]]
          return;
        family.timestamps_ms.resize(family.values.size(), FamilySnapshot::kNoTimestamp);
        if (!is_refreshed) return;
        const uint64_t changed_us = series.created_us.load(std::memory_order_relaxed);
        family.timestamps_ms.back() = static_cast<int64_t>(changed_us / kMicrosPerMilli);
      });
    case InstrumentKind::kHistogram: {
      const size_t buckets = definition.bounds.size() + 1;
      family.counts.resize(size * buckets);
      if (definition.exponential) family.natives.reserve(size);
      family.sums.reserve(size);
      family.created_us.reserve(size);
      std::span<uint64_t> counts = family.counts;
      return each([&](const SeriesRecord& series) {
        const HistogramCell& cell = series.As<HistogramSeriesCell>().classic;
        cell.Collect(counts.first(buckets));
        double sum = cell.Sum();
        const SeriesRecord* before = Before(series);
        if (before != nullptr) sum -= TakeAway(before->As<HistogramSeriesCell>().classic, counts.first(buckets));
        counts = counts.subspan(buckets);
        family.sums.push_back(sum);
        created(series);
        exemplars(series, buckets);
        // Behind the classic buckets, as they are recorded the other way round.
        if (!definition.exponential) return;
        auto native = ReadNative(segment_, series);
        if (before != nullptr && native != nullptr) native = Since(native, ReadNative(*member_.baseline, *before));
        family.natives.push_back(std::move(native));
      });
    }
    case InstrumentKind::kSummary:
      return each([&](const SeriesRecord& series) {
        const SummarySeriesCell& cell = series.As<SummarySeriesCell>();
        const SeriesRecord* before = Before(series);
        const auto* then = before == nullptr ? nullptr : &before->As<SummarySeriesCell>();
        const uint64_t count = cell.count.load(std::memory_order_relaxed);
        family.counts.push_back(then == nullptr ? count : CountSince(count, then->count));
        family.sums.push_back(LoadDouble(cell.sum) - (then == nullptr ? 0 : LoadDouble(then->sum)));
        if (definition.window_size != 0) {
          const uint64_t start = then == nullptr ? 0 : then->window.cursor.load(std::memory_order_relaxed);
          std::vector<double> samples = ReadWindow(segment_, definition, cell.window, start);
          if (part == nullptr) {
            family.quantiles.push_back(QuantilesOf(definition, samples, method));
          } else {
            part->samples.push_back(std::move(samples));
          }
        }
        created(series);
      });
    case InstrumentKind::kStateSet:
      return each([&](const SeriesRecord& series) {
        const uint64_t state = series.As<StateSetSeriesCell>().state.load(std::memory_order_relaxed);
        for (uint64_t i = 0; i < definition.states.size(); ++i) family.values.emplace_back(uint64_t{i == state});
      });
    case InstrumentKind::kInfo:
    case InstrumentKind::kNone:
      return;
  }
}

}  // namespace toolvitals
