// Merging families by name, and series by labels, each kind by its own rule. Floor: snapshot.
#include "snapshot/family_merger.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace toolvitals {
namespace {

bool IsAlike(const FamilyDefinition& a, const FamilyDefinition& b) {
  return a.kind == b.kind && a.label_names == b.label_names && a.bounds == b.bounds && a.states == b.states &&
         a.quantiles == b.quantiles && a.gauge_mode == b.gauge_mode;
}

Number Sum(const Number& a, const Number& b) {
  return a.is_whole && b.is_whole ? Number(a.whole + b.whole) : Number(a.AsDouble() + b.AsDouble());
}

// What identifies a series among those of its family.
std::string KeyOf(const LabelSet& labels) {
  std::string key;
  for (const auto& [name, value] : labels.pairs) {
    absl::StrAppend(&key, name.size(), "=", name, ";", value.size(), "=", value, ";");
  }
  return key;
}

// The arrays of all parts, row by row. Rows that nothing was added to yet are marked by a change of never.
class Rows {
 public:
  Rows(const FamilyDefinition& definition, size_t size, FamilyPart& merged)
      : definition_(definition), merged_(merged), changed_(size, kNever) {
    FamilySnapshot& values = merged.snapshot;
    switch (definition.kind) {
      case InstrumentKind::kCounter:
        values.values.resize(size);
        values.created_us.resize(size);
        break;
      case InstrumentKind::kGauge:
        values.values.resize(size);
        break;
      case InstrumentKind::kHistogram:
        values.counts.resize(size * (definition.bounds.size() + 1));
        values.sums.resize(size);
        values.created_us.resize(size);
        if (definition.exponential) natives_.resize(size);
        break;
      case InstrumentKind::kSummary:
        values.counts.resize(size);
        values.sums.resize(size);
        values.created_us.resize(size);
        if (definition.window_size != 0) merged.samples.resize(size);
        break;
      case InstrumentKind::kStateSet:
        values.values.resize(size * definition.states.size());
        break;
      case InstrumentKind::kInfo:
      case InstrumentKind::kNone:
        break;
    }
    if (definition.ttl_ns != 0) merged.used_ns.resize(size);
  }

  void Add(const FamilyPart& part, size_t i, size_t row) {
    switch (definition_.kind) {
      case InstrumentKind::kCounter:
        merged_.snapshot.values[row] = Sum(merged_.snapshot.values[row], part.snapshot.values[i]);
        AddCreated(part, i, row);
        break;
      case InstrumentKind::kGauge:
        AddGauge(part, i, row);
        break;
      case InstrumentKind::kHistogram:
        AddHistogram(part, i, row);
        break;
      case InstrumentKind::kSummary:
        merged_.snapshot.counts[row] += part.snapshot.counts[i];
        merged_.snapshot.sums[row] += part.snapshot.sums[i];
        AddCreated(part, i, row);
        if (definition_.window_size != 0) {
          merged_.samples[row].insert(merged_.samples[row].end(), part.samples[i].begin(), part.samples[i].end());
        }
        break;
      case InstrumentKind::kStateSet:
        AddStates(part, i, row);
        break;
      case InstrumentKind::kInfo:
      case InstrumentKind::kNone:
        break;
    }
    if (!part.used_ns.empty()) merged_.used_ns[row] = std::max(merged_.used_ns[row], part.used_ns[i]);
    if (!part.changed_us.empty()) changed_[row] = std::max(changed_[row], part.changed_us[i]);
  }

  void AddExemplars(const FamilyPart& part, std::span<const size_t> rows) {
    for (const auto& placed : part.snapshot.exemplars) {
      auto& kept = exemplars_[{rows[placed.series], placed.bucket}];
      if (placed.exemplar.timestamp_us >= kept.timestamp_us) kept = placed.exemplar;
    }
  }

  void Finish() {
    for (size_t row = 0; row < natives_.size(); ++row) {
      auto& native = natives_[row];
      if (native.is_whole && native.histogram != nullptr) {
        ReduceBuckets(*native.histogram, definition_.buckets.max_buckets, kMinSchema);
      }
      merged_.snapshot.natives.push_back(native.is_whole ? std::move(native.histogram) : nullptr);
    }
    for (auto& [place, exemplar] : exemplars_) {
      merged_.snapshot.exemplars.push_back({place.first, place.second, std::move(exemplar)});
    }
    const InstrumentKind kind = definition_.kind;
    if (kind == InstrumentKind::kGauge || kind == InstrumentKind::kInfo || kind == InstrumentKind::kStateSet) {
      merged_.changed_us = std::move(changed_);
    }
  }

 private:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::min();
  static constexpr int64_t kNoTimestamp = FamilySnapshot::kNoTimestamp;

  struct Native {
    std::shared_ptr<NativeHistogram> histogram;
    bool is_whole = true;  // no part had values that are in no bucket
  };

  void AddCreated(const FamilyPart& part, size_t i, size_t row) {
    int64_t& created = merged_.snapshot.created_us[row];
    created = created == 0 ? part.snapshot.created_us[i] : std::min(created, part.snapshot.created_us[i]);
  }

  void AddGauge(const FamilyPart& part, size_t i, size_t row) {
    Number& merged = merged_.snapshot.values[row];
    const Number value = part.snapshot.values[i];
    const int64_t timestamp = part.snapshot.timestamps_ms.empty() ? kNoTimestamp : part.snapshot.timestamps_ms[i];
    if (changed_[row] == kNever) {
      merged = value;
      SetTimestamp(row, timestamp);
      return;
    }
    switch (AnyProcess(definition_.gauge_mode)) {
      case GaugeMode::kMin:
        merged = std::min(merged.AsDouble(), value.AsDouble());
        return KeepOldestTimestamp(row, timestamp);
      case GaugeMode::kMax:
        merged = std::max(merged.AsDouble(), value.AsDouble());
        return KeepOldestTimestamp(row, timestamp);
      case GaugeMode::kSum:
        merged = merged.AsDouble() + value.AsDouble();
        return KeepOldestTimestamp(row, timestamp);
      default:
        if (part.changed_us[i] < changed_[row]) return;
        merged = value;
        SetTimestamp(row, timestamp);
    }
  }

  void SetTimestamp(size_t row, int64_t timestamp) {
    std::vector<int64_t>& timestamps = merged_.snapshot.timestamps_ms;
    if (timestamps.empty() && timestamp == kNoTimestamp) return;
    timestamps.resize(changed_.size(), kNoTimestamp);
    timestamps[row] = timestamp;
  }

  // What is made of several values is as old as the oldest of them.
  void KeepOldestTimestamp(size_t row, int64_t timestamp) {
    const std::vector<int64_t>& timestamps = merged_.snapshot.timestamps_ms;
    const int64_t kept = timestamps.empty() ? kNoTimestamp : timestamps[row];
    if (kept == kNoTimestamp || (timestamp != kNoTimestamp && timestamp < kept)) SetTimestamp(row, timestamp);
  }

  void AddHistogram(const FamilyPart& part, size_t i, size_t row) {
    const size_t buckets = definition_.bounds.size() + 1;
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
      merged_.snapshot.counts[row * buckets + bucket] += part.snapshot.counts[i * buckets + bucket];
    }
    merged_.snapshot.sums[row] += part.snapshot.sums[i];
    AddCreated(part, i, row);
    if (!definition_.exponential) return;
    const auto* theirs = part.snapshot.natives.empty() ? nullptr : part.snapshot.natives[i].get();
    Native& native = natives_[row];
    if (theirs == nullptr) {
      native.is_whole = false;
    } else if (native.histogram == nullptr) {
      native.histogram = std::make_shared<NativeHistogram>(*theirs);
    } else {
      toolvitals::Add(*native.histogram, *theirs);
    }
  }

  void AddStates(const FamilyPart& part, size_t i, size_t row) {
    if (part.changed_us[i] < changed_[row]) return;
    const size_t states = definition_.states.size();
    std::copy_n(part.snapshot.values.begin() + static_cast<std::ptrdiff_t>(i * states), states,
                merged_.snapshot.values.begin() + static_cast<std::ptrdiff_t>(row * states));
  }

  const FamilyDefinition& definition_;
  FamilyPart& merged_;
  std::vector<int64_t> changed_;
  std::vector<Native> natives_;
  std::map<std::pair<size_t, size_t>, Exemplar> exemplars_;
};

std::shared_ptr<const LabelSet> WithProcess(const LabelSet& labels, uint64_t process_id) {
  LabelSet::Pairs pairs = labels.pairs;
  pairs.emplace_back("pid", absl::StrCat(process_id));
  return std::make_shared<const LabelSet>(std::move(pairs));
}

std::vector<bool> Unexpired(const FamilyPart& part) {
  const uint64_t ttl = part.definition.ttl_ns;
  std::vector<bool> kept;
  if (ttl == 0) return kept;
  const uint64_t now = Clock::MonotonicNanos();
  for (size_t i = 0; i < part.used_ns.size(); ++i) {
    const bool is_overflow = part.shows_overflow && i + 1 == part.used_ns.size();
    kept.push_back(is_overflow || now <= part.used_ns[i] || now - part.used_ns[i] < ttl);
  }
  return std::find(kept.begin(), kept.end(), false) == kept.end() ? std::vector<bool>() : kept;
}

// Forgets what has expired, for everybody: a series that any process uses stays whole.
void ForgetExpired(FamilyPart& part, std::span<const Member> others) {
  if (Unexpired(part).empty()) return;
  // Those that show each process's value are nobody else's.
  if (!ShowsProcesses(part.definition)) {
    absl::flat_hash_map<std::string, uint64_t> used;
    for (const Member& other : others) {
      FamilyReader reader(*other.segment, kDefaultRegistry);
      reader.SetMember(other);
      reader.ForEachSeriesOf(part.definition.name, [&](const FamilyDefinition& definition, const LabelSet& labels,
                                                       const SeriesRecord& series) {
        if (!IsAlike(definition, part.definition)) return;
        uint64_t& last = used[KeyOf(labels)];
        last = std::max(last, series.used_ns.load(std::memory_order_relaxed));
      });
    }
    for (size_t i = 0; i < part.used_ns.size(); ++i) {
      const auto found = used.find(KeyOf(*(*part.keys)[i]));
      if (found != used.end()) part.used_ns[i] = std::max(part.used_ns[i], found->second);
    }
  }
  if (const std::vector<bool> kept = Unexpired(part); !kept.empty()) KeepSeries(kept, part);
}

// The families that a member shows; those that it was forked with only `with_inherited`.
std::vector<FamilyDefinition> ShownBy(const Member& member, bool with_inherited) {
  std::vector<FamilyDefinition> shown;
  FamilyReader reader(*member.segment, kDefaultRegistry);
  const auto is_wanted = [&](const FamilyRecord& record) {
    const uint64_t bits = record.shown.load(std::memory_order_relaxed);
    const bool follows = member.names_process && (bits & kInheritedFamily) != 0;
    return (bits >> kDefaultRegistry & 1) != 0 && (with_inherited || !follows);
  };
  reader.ForEachFamily(is_wanted,
                       [&](const FamilyDefinition& definition, const FamilyRecord&) { shown.push_back(definition); });
  return shown;
}

}  // namespace

bool ShowsProcesses(const FamilyDefinition& definition) {
  const std::vector<std::string>& names = definition.label_names;
  return definition.kind == InstrumentKind::kGauge && AnyProcess(definition.gauge_mode) == GaugeMode::kAll &&
         std::find(names.begin(), names.end(), "pid") == names.end();
}

void FamilyMerger::FindReaders(std::span<const Member> members) {
  const bool same = std::equal(ids_.begin(), ids_.end(), members.begin(), members.end(),
                               [](uint64_t id, const Member& member) { return id == member.id; });
  if (!same) {
    ids_.clear();
    for (const Member& member : members) ids_.push_back(member.id);
    absl::erase_if(readers_,
                   [&](const auto& entry) { return std::find(ids_.begin(), ids_.end(), entry.first) == ids_.end(); });
    for (auto& [name, family] : families_) family.sources.clear();
  }
  for (const Member& member : members) {
    std::unique_ptr<FamilyReader>& reader = readers_[member.id];
    if (reader == nullptr) reader = std::make_unique<FamilyReader>(*member.segment, kDefaultRegistry);
    reader->SetMember(member);
  }
}

void FamilyMerger::FindRows(std::span<const Member> members, Family& family,
                            std::vector<std::pair<size_t, FamilyPart>>& parts) {
  const bool same = std::equal(family.sources.begin(), family.sources.end(), parts.begin(), parts.end(),
                               [](const Source& source, const auto& part) {
                                 return source.member == part.first && source.keys == part.second.keys;
                               });
  if (same && family.labels != nullptr) return;
  family.sources.clear();
  auto labels = std::make_shared<LabelSets>();
  absl::flat_hash_map<std::string, size_t> rows;
  std::shared_ptr<const LabelSet> overflow;
  std::vector<std::pair<size_t, size_t>> overflow_places;
  for (const auto& [place, part] : parts) {
    const Member& member = members[place];
    Source source = {place, part.keys, {}};
    for (size_t i = 0; i < part.keys->size(); ++i) {
      std::shared_ptr<const LabelSet> set = (*part.keys)[i];
      if (part.shows_overflow && i + 1 == part.keys->size()) {
        // Stands last, whoever has one.
        overflow = set;
        overflow_places.emplace_back(family.sources.size(), i);
        source.rows.push_back(0);
        continue;
      }
      if (ShowsProcesses(part.definition) && member.names_process) {
        set = WithProcess(*set, member.process_id());
      }
      const auto [found, is_new] = rows.try_emplace(KeyOf(*set), labels->size());
      if (is_new) labels->push_back(std::move(set));
      source.rows.push_back(found->second);
    }
    family.sources.push_back(std::move(source));
  }
  family.has_overflow = overflow != nullptr;
  if (family.has_overflow) {
    for (const auto& [source, i] : overflow_places) family.sources[source].rows[i] = labels->size();
    labels->push_back(std::move(overflow));
  }
  family.labels = std::move(labels);
}

FamilyMerger::Merged FamilyMerger::Merge(std::span<const Member> members, Family& family,
                                         std::vector<std::pair<size_t, FamilyPart>>& parts) {
  FindRows(members, family, parts);
  Merged merged;
  merged.part.definition = parts.front().second.definition;
  merged.part.snapshot.info = parts.front().second.snapshot.info;
  merged.part.snapshot.labels = family.labels;
  merged.part.keys = family.labels;
  merged.part.shows_overflow = family.has_overflow;
  const FamilyDefinition& definition = merged.part.definition;
  Rows rows(definition, family.labels->size(), merged.part);
  const bool is_info = definition.kind == InstrumentKind::kInfo;
  auto facts = is_info ? std::make_shared<LabelSets>(*family.labels) : nullptr;
  std::vector<int64_t> facts_changed(is_info ? facts->size() : 0, std::numeric_limits<int64_t>::min());
  for (size_t source = 0; source < parts.size(); ++source) {
    const FamilyPart& part = parts[source].second;
    merged.part.shown = merged.part.shown || part.shown;
    merged.part.overflowed += part.overflowed;
    const std::vector<size_t>& places = family.sources[source].rows;
    for (size_t i = 0; i < places.size(); ++i) {
      rows.Add(part, i, places[i]);
      if (is_info && part.changed_us[i] >= facts_changed[places[i]]) {
        facts_changed[places[i]] = part.changed_us[i];
        (*facts)[places[i]] = (*part.snapshot.labels)[i];
      }
    }
    rows.AddExemplars(part, places);
  }
  rows.Finish();
  if (is_info) merged.part.snapshot.labels = std::move(facts);
  return merged;
}

std::vector<FamilyMerger::Merged> FamilyMerger::ReadMerged(std::span<const Member> members, Which which,
                                                           std::span<const Member> others) {
  FindReaders(members);
  std::vector<std::pair<std::string, size_t>> order;
  absl::flat_hash_map<std::string, std::vector<Group>> by_name;
  for (size_t place = 0; place < members.size(); ++place) {
    std::vector<FamilyPart> parts;
    readers_[members[place].id]->ReadParts(which != Which::kShown, parts);
    for (FamilyPart& part : parts) {
      const FamilyDefinition& definition = part.definition;
      if (!members[place].is_live() && definition.kind == InstrumentKind::kGauge &&
          IsOfLiveOnly(definition.gauge_mode)) {
        continue;
      }
      std::vector<Group>& known = by_name[definition.name];
      auto alike = std::find_if(known.begin(), known.end(), [&](const Group& group) {
        const FamilyPart& other = group.parts.front().second;
        // What was hidden when its process ended stays so.
        return IsAlike(other.definition, definition) && (which != Which::kToRetire || other.shown == part.shown);
      });
      if (alike == known.end()) {
        order.emplace_back(definition.name, known.size());
        alike = known.emplace(known.end());
      }
      alike->is_led = alike->is_led || !part.shown || !part.follows;
      alike->parts.emplace_back(place, std::move(part));
    }
  }
  // By name, what those beside registered.
  std::multimap<std::string, FamilyDefinition> leaders;
  for (const Member& other : others) {
    for (FamilyDefinition& definition : ShownBy(other, /*with_inherited=*/false)) {
      leaders.emplace(definition.name, std::move(definition));
    }
  }
  std::vector<Merged> merged;
  absl::flat_hash_set<std::string> taken;
  std::map<std::string, uint64_t> conflicts;
  for (const auto& key : order) {
    Group& group = by_name[key.first][key.second];
    if (which == Which::kToRetire) {
      const FamilyDefinition& definition = group.parts.front().second.definition;
      const auto [first, last] = leaders.equal_range(definition.name);
      group.is_led = group.is_led ||
                     std::any_of(first, last, [&](const auto& leader) { return IsAlike(leader.second, definition); });
    }
    if (which != Which::kAll && !group.is_led) continue;
    const bool is_conflict = !taken.insert(key.first).second;
    if (is_conflict) conflicts[key.first] += group.parts.size();
    merged.push_back(Merge(members, families_[key], group.parts));
    merged.back().is_conflict = is_conflict;
  }
  conflicts_.assign(conflicts.begin(), conflicts.end());
  std::erase_if(families_, [&](const auto& entry) {
    const auto found = by_name.find(entry.first.first);
    return found == by_name.end() || found->second.size() <= entry.first.second;
  });
  return merged;
}

std::vector<FamilyPart> FamilyMerger::ReadToRetire(std::span<const Member> members, std::span<const Member> others) {
  std::vector<FamilyPart> parts;
  for (Merged& merged : ReadMerged(members, Which::kToRetire, others)) {
    ForgetExpired(merged.part, others);
    parts.push_back(std::move(merged.part));
  }
  return parts;
}

void FamilyMerger::Read(std::span<const Member> members, bool hidden_too, QuantileMethod method,
                        std::vector<FamilySnapshot>& families) {
  if (members.size() == 1 && !hidden_too && !members.front().names_process) {
    // Nothing to add up.
    FindReaders(members);
    conflicts_.clear();
    return readers_[members.front().id]->Read(method, families);
  }
  for (Merged& merged : ReadMerged(members, hidden_too ? Which::kAll : Which::kShown)) {
    if (merged.is_conflict) continue;
    FamilyPart& part = merged.part;
    if (const std::vector<bool> kept = Unexpired(part); !kept.empty()) KeepSeries(kept, part);
    for (const std::vector<double>& samples : part.samples) {
      part.snapshot.quantiles.push_back(QuantilesOf(part.definition, samples, method));
    }
    families.push_back(std::move(part.snapshot));
  }
}

std::vector<std::pair<std::string, uint64_t>> FamilyMerger::ReadOverflowed(std::span<const Member> members) {
  FindReaders(members);
  std::map<std::string, uint64_t> sums;
  for (const Member& member : members) {
    for (const auto& [name, count] : readers_[member.id]->ReadOverflowed()) sums[name] += count;
  }
  return {sums.begin(), sums.end()};
}

bool IsShownByOthers(std::span<const Member> members, const SeriesFilter& unregistered) {
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    const std::vector<FamilyDefinition> shown = ShownBy(member, unregistered.by_inheritor);
    return std::any_of(shown.begin(), shown.end(),
                       [&](const FamilyDefinition& definition) { return definition.name == unregistered.family; });
  });
}

}  // namespace toolvitals
