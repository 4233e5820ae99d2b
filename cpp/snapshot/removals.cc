// Matching series against what was removed. Floor: snapshot.
#include "snapshot/removals.h"

#include <algorithm>
#include <utility>

#include "store/text_record.h"

namespace toolvitals {
namespace {

uint64_t NextVersion() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

std::string PackedOf(const std::vector<std::string>& texts) {
  return PackTexts(std::vector<std::string_view>(texts.begin(), texts.end()));
}

// The values that a series has for the labels, packed; false where it has not all of them.
bool ValuesOf(const LabelSet& series, const std::vector<std::string>& names, std::string& packed) {
  // As SeriesFilter has it.
  if (series.attributes.has_value() && !names.empty()) return false;
  std::vector<std::string_view> values;
  for (const std::string& name : names) {
    const auto found =
        std::find_if(series.pairs.begin(), series.pairs.end(), [&](const auto& pair) { return pair.first == name; });
    if (found == series.pairs.end()) return false;
    values.emplace_back(found->second);
  }
  packed = PackTexts(values);
  return true;
}

}  // namespace

void Removals::Add(const SeriesFilter& filter) {
  LabelSet::Pairs pairs = filter.labels;
  std::sort(pairs.begin(), pairs.end());
  std::vector<std::string> names;
  std::vector<std::string_view> values;
  for (const auto& [name, value] : pairs) {
    names.push_back(name);
    values.emplace_back(value);
  }
  const absl::MutexLock lock(&mutex_);
  OfFamily& family = filter.identity != 0 ? hidden_[filter.identity] : shown_[filter.family];
  family.is_unregistered = family.is_unregistered || filter.is_unregistered;
  if (filter.is_of_attributes) {
    family.attributes.insert(PackedOf(filter.Texts()));
  } else if (!filter.is_unregistered) {
    family.values[std::move(names)].insert(PackTexts(values));
  }
  size_.fetch_add(1, std::memory_order_relaxed);
  version_.store(NextVersion(), std::memory_order_release);
}

bool Removals::TakesFamily(std::string_view name) const {
  if (size() == 0) return false;
  const absl::MutexLock lock(&mutex_);
  const auto found = shown_.find(name);
  return found != shown_.end() && found->second.is_unregistered;
}

bool Removals::Takes(const OfFamily& removed, const LabelSet& series) {
  std::string packed;
  const bool is_valued = std::any_of(removed.values.begin(), removed.values.end(), [&](const auto& wanted) {
    return ValuesOf(series, wanted.first, packed) && wanted.second.contains(packed);
  });
  if (is_valued || removed.attributes.empty() || !series.attributes.has_value()) return is_valued;
  return removed.attributes.contains(PackedOf(TextsOf(*series.attributes)));
}

std::vector<bool> Removals::Kept(std::string_view name, const FamilyRecord& record, const LabelSets& series) const {
  if (size() == 0) return {};
  const absl::MutexLock lock(&mutex_);
  std::vector<const OfFamily*> meant;
  const auto shown = shown_.find(name);
  if (shown != shown_.end() && SeriesFilter().IsOf(record)) meant.push_back(&shown->second);
  const auto hidden = hidden_.find(record.incarnation.load(std::memory_order_relaxed));
  if (hidden != hidden_.end()) meant.push_back(&hidden->second);
  std::vector<bool> kept(series.size(), true);
  for (const OfFamily* removed : meant) {
    for (size_t i = 0; i < series.size(); ++i) kept[i] = kept[i] && !Takes(*removed, *series[i]);
  }
  return std::find(kept.begin(), kept.end(), false) == kept.end() ? std::vector<bool>() : kept;
}

}  // namespace toolvitals
