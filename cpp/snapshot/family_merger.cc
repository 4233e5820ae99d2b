// Merging families by name, and series by labels, each kind by its own rule. Floor: snapshot.
#include "snapshot/family_merger.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/hash_table.h"
#include "kinds/metric_kind.h"
#include "kinds/packed_attributes.h"
#include "kinds/summary_kind.h"
#include "registry/family_identity.h"
#include "store/directory.h"

namespace toolvitals {
namespace {

// What identifies a series among those of its family.
std::string KeyOf(const LabelSet& labels) {
  std::string key;
  if (labels.attributes.has_value()) {
    for (const std::string& text : TextsOf(*labels.attributes)) absl::StrAppend(&key, text.size(), "=", text, ";");
    return key;
  }
  for (const auto& [name, value] : labels.pairs) {
    absl::StrAppend(&key, name.size(), "=", name, ";", value.size(), "=", value, ";");
  }
  return key;
}

std::shared_ptr<const LabelSet> WithProcess(const LabelSet& labels, uint64_t process_id) {
  LabelSet::Pairs pairs = labels.pairs;
  pairs.emplace_back("pid", absl::StrCat(process_id));
  return std::make_shared<const LabelSet>(std::move(pairs));
}

// Into an order that does not depend on who reads. `places` become those of the same sets.
void SortLabels(LabelSets& labels, std::vector<std::vector<size_t>*> places) {
  std::vector<size_t> order(labels.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int compared = labels[a]->pairs < labels[b]->pairs ? -1 : labels[b]->pairs < labels[a]->pairs;
    // Attributes of several types may have the same labels.
    return compared != 0 ? compared < 0 : a != b && KeyOf(*labels[a]) < KeyOf(*labels[b]);
  });
  std::vector<size_t> moved(labels.size());
  LabelSets sorted;
  sorted.reserve(labels.size());
  for (size_t i = 0; i < order.size(); ++i) {
    moved[order[i]] = i;
    sorted.push_back(std::move(labels[order[i]]));
  }
  labels = std::move(sorted);
  for (std::vector<size_t>* of_source : places) {
    for (size_t& place : *of_source) place = moved[place];
  }
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
    HashMap<std::string, uint64_t> used;
    for (const Member& other : others) {
      FamilyReader reader(*other.segment, kDefaultRegistry);
      reader.SetMember(other);
      const auto is_wanted = [&](const FamilyRecord& record) {
        return part.identity == 0 || record.incarnation.load(std::memory_order_relaxed) == part.identity;
      };
      reader.ForEachSeriesOf(
          part.definition.name, is_wanted,
          [&](const FamilyDefinition& definition, const LabelSet& labels, const SeriesRecord& series) {
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

void ForEachRecord(const Segment& segment, absl::FunctionRef<void(const FamilyRecord&)> visit) {
  ForEachSeries(segment, [&](const DirectoryView& entry) {
    const auto* record = entry.kind == SeriesKind::kFamily ? segment.Find<FamilyRecord>(entry.cell) : nullptr;
    if (record != nullptr && record->incarnation.load(std::memory_order_acquire) != 0) visit(*record);
  });
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

void FamilyMerger::FindReaders(std::span<const Member> members) {
  const bool same = std::equal(ids_.begin(), ids_.end(), members.begin(), members.end(),
                               [](uint64_t id, const Member& member) { return id == member.id; });
  if (!same) {
    ids_.clear();
    for (const Member& member : members) ids_.push_back(member.id);
    std::erase_if(readers_,
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
  HashMap<std::string, size_t> rows;
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
  if (family.sources.size() > 1 && !labels->empty()) {
    std::vector<std::vector<size_t>*> places;
    for (Source& source : family.sources) places.push_back(&source.rows);
    SortLabels(*labels, std::move(places));
  }
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
  const auto rows = KindOf(merged.part.definition.kind).Merge(family.labels->size(), merged.part);
  for (size_t source = 0; source < parts.size(); ++source) {
    const FamilyPart& part = parts[source].second;
    merged.part.shown = merged.part.shown || part.shown;
    merged.part.overflowed += part.overflowed;
    if (parts[source].first == 0) merged.own.push_back(part.identity);
    rows->AddPart(part, family.sources[source].rows);
  }
  rows->FinishAll();
  return merged;
}

// Into which group each part goes.
class FamilyMerger::Grouping {
 public:
  Grouping(Which which, std::span<const Member> members, std::span<const Member> others)
      : which_(which), has_strangers_(which == Which::kOwn && members.front().names_process) {
    for (const Member& other : others) {
      for (FamilyDefinition& definition : ShownBy(other, /*with_inherited=*/false)) {
        leaders_.emplace(definition.name, std::move(definition));
      }
      ForEachRecord(*other.segment, [&](const FamilyRecord& record) {
        const uint64_t identity = record.incarnation.load(std::memory_order_relaxed);
        bool& is_shown = elsewhere_[identity];
        is_shown = is_shown || (record.shown.load(std::memory_order_relaxed) >> kDefaultRegistry & 1) != 0;
        trees_.insert(TreeOf(identity));
      });
    }
  }

  // Whether what a member hides is looked at.
  bool IsWanted(size_t place, uint64_t identity) const {
    if (which_ == Which::kOwn) return place == 0 || own_hidden_.contains(identity) || IsStrange(identity);
    return which_ != Which::kShown;
  }

  void Add(size_t place, FamilyPart part) {
    const uint64_t identity = part.identity;
    if (which_ == Which::kToRetire) {
      return AddTo(part.shown ? 0 : OriginOf(identity), place, std::move(part));
    }
    if (which_ != Which::kOwn) return AddTo(0, place, std::move(part));
    if (place == 0) trees_.insert(TreeOf(identity));
    if (place == 0 && !part.shown) own_hidden_.insert(identity);
    const bool is_of_hidden = own_hidden_.contains(identity);
    if (!part.shown && !is_of_hidden) {
      if (IsStrange(identity)) strange_.emplace_back(place, std::move(part));
      return;
    }
    if (part.shown && is_of_hidden) AddTo(0, place, part);
    AddTo(is_of_hidden ? identity : 0, place, std::move(part));
  }

  // Adds what processes of another origin have in registries of their own to the family that is the process's only one
  // of the name; which of several is meant nobody can say.
  void AddStrangers() {
    for (auto& [place, part] : strange_) {
      Group* only = nullptr;
      size_t alike = 0;
      for (Group& group : by_name[part.definition.name]) {
        if (group.identity == 0 || !IsAlike(group.parts.front().second.definition, part.definition)) continue;
        only = &group;
        ++alike;
      }
      if (alike == 1) only->parts.emplace_back(place, std::move(part));
    }
  }

  // Whether a group is to be merged.
  bool IsMeant(const Group& group) const {
    if (which_ == Which::kAll) return true;
    if (which_ == Which::kOwn) return group.parts.front().first == 0;
    return group.is_led || (which_ == Which::kToRetire && IsLed(group.parts.front().second.definition));
  }

  // By name, in the order in which they were found.
  std::vector<std::pair<std::string, size_t>> order;
  HashMap<std::string, std::vector<Group>> by_name;

 private:
  // Whether somebody beside registered a family that is like it.
  bool IsLed(const FamilyDefinition& definition) const {
    const auto [first, last] = leaders_.equal_range(definition.name);
    return std::any_of(first, last, [&](const auto& leader) { return IsAlike(leader.second, definition); });
  }

  // Of whose family it is what is left: of one that somebody has in a registry of its own, of one of the same
  // processes, or of anybody's.
  uint64_t OriginOf(uint64_t identity) const {
    const auto found = elsewhere_.find(identity);
    if (found != elsewhere_.end() && !found->second) return identity;
    return trees_.contains(TreeOf(identity)) ? LeftByTree(identity) : kLeftByAll;
  }

  // Whether it is of a process that neither was forked from this one's ancestors nor is one of them.
  bool IsStrange(uint64_t identity) const {
    return has_strangers_ && !trees_.empty() && !trees_.contains(TreeOf(identity));
  }

  void AddTo(uint64_t identity, size_t place, FamilyPart part) {
    std::vector<Group>& known = by_name[part.definition.name];
    auto found = std::find_if(known.begin(), known.end(), [&](const Group& group) {
      const FamilyPart& other = group.parts.front().second;
      // What was hidden when its process ended stays so.
      return group.identity == identity && IsAlike(other.definition, part.definition) &&
             (which_ != Which::kToRetire || other.shown == part.shown);
    });
    if (found == known.end()) {
      order.emplace_back(part.definition.name, known.size());
      found = known.emplace(known.end());
      found->identity = identity;
    }
    found->is_led = found->is_led || !part.shown || !part.follows;
    found->parts.emplace_back(place, std::move(part));
  }

  const Which which_;
  const bool has_strangers_;  // in a directory the same program may have been started several times
  std::multimap<std::string, FamilyDefinition> leaders_;  // by name, what those beside registered
  HashMap<uint64_t, bool> elsewhere_;  // by identity, what those beside have, and whether they show it
  HashSet<uint64_t> own_hidden_;       // identities of what the first member has in other registries
  HashSet<uint64_t> trees_;            // of those beside; of the process that reads
  std::vector<std::pair<size_t, FamilyPart>> strange_;
};

std::vector<FamilyMerger::Merged> FamilyMerger::ReadMerged(std::span<const Member> members, Which which,
                                                           std::span<const Member> others) {
  FindReaders(members);
  Grouping grouping(which, members, others);
  for (size_t place = 0; place < members.size(); ++place) {
    std::vector<FamilyPart> parts;
    readers_[members[place].id]->ReadParts([&](uint64_t identity) { return grouping.IsWanted(place, identity); },
                                           parts);
    for (FamilyPart& part : parts) {
      if (members[place].is_live() || !ShowsLiveOnly(part.definition)) grouping.Add(place, std::move(part));
    }
  }
  grouping.AddStrangers();
  std::vector<Merged> merged;
  HashSet<std::string> taken;
  std::map<std::string, uint64_t> conflicts;
  for (const auto& key : grouping.order) {
    Group& group = grouping.by_name[key.first][key.second];
    if (!grouping.IsMeant(group)) continue;
    const bool is_conflict = group.identity == 0 && !taken.insert(key.first).second;
    if (is_conflict) conflicts[key.first] += group.parts.size();
    merged.push_back(Merge(members, families_[key], group.parts));
    merged.back().part.identity = group.identity;
    merged.back().is_conflict = is_conflict;
  }
  conflicts_.assign(conflicts.begin(), conflicts.end());
  std::erase_if(families_, [&](const auto& entry) {
    const auto found = grouping.by_name.find(entry.first.first);
    return found == grouping.by_name.end() || found->second.size() <= entry.first.second;
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

FamilySnapshot FamilyMerger::Finish(FamilyPart part, QuantileMethod method) {
  if (const std::vector<bool> kept = Unexpired(part); !kept.empty()) KeepSeries(kept, part);
  for (const std::vector<double>& samples : part.samples) {
    part.snapshot.quantiles.push_back(QuantilesOf(part.definition, samples, method));
  }
  return std::move(part.snapshot);
}

void FamilyMerger::Read(std::span<const Member> members, QuantileMethod method, std::vector<FamilySnapshot>& families) {
  if (members.size() == 1 && !members.front().names_process) {
    // Nothing to add up.
    FindReaders(members);
    conflicts_.clear();
    return readers_[members.front().id]->Read(method, families);
  }
  for (Merged& merged : ReadMerged(members, Which::kShown)) {
    if (!merged.is_conflict) families.push_back(Finish(std::move(merged.part), method));
  }
}

void FamilyMerger::ReadAll(std::span<const Member> members, QuantileMethod method,
                           std::vector<FamilySnapshot>& families) {
  for (Merged& merged : ReadMerged(members, Which::kAll)) {
    if (!merged.is_conflict) families.push_back(Finish(std::move(merged.part), method));
  }
}

HashMap<uint64_t, FamilySnapshot> FamilyMerger::ReadOwn(std::span<const Member> members, QuantileMethod method) {
  HashMap<uint64_t, FamilySnapshot> families;
  for (Merged& merged : ReadMerged(members, Which::kOwn)) {
    const FamilySnapshot family = Finish(std::move(merged.part), method);
    for (const uint64_t identity : merged.own) families.emplace(identity, family);
  }
  return families;
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
