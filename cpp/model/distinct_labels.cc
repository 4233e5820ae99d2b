// Adding up series that have the same labels.
// Floor: model.
#include "model/distinct_labels.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include "base/hash_table.h"

namespace toolvitals {
namespace {

Number SumOf(const Number& a, const Number& b) {
  return a.is_whole && b.is_whole ? Number(a.whole + b.whole) : Number(a.AsDouble() + b.AsDouble());
}

// For each series the row that it goes to; nothing where all labels differ. An overflow series is labelled as such by
// itself alone.
std::vector<size_t> RowsOf(const LabelSets& sets, LabelSets& distinct) {
  std::vector<size_t> rows;
  HashMap<std::string_view, size_t> seen;
  seen.reserve(sets.size());
  for (const auto& set : sets) {
    const auto [found, is_new] = seen.try_emplace(set->text, distinct.size());
    if (is_new) distinct.push_back(set);
    rows.push_back(found->second);
  }
  return rows;
}

// Adds an array of one row per series up, into that of the rows.
template <typename T, typename Add>
void AddUp(const std::vector<T>& from, std::span<const size_t> rows, size_t size, std::vector<T>& into, Add add) {
  if (from.empty()) return;
  const size_t width = from.size() / rows.size();
  std::vector<T> sums(size * width);
  std::vector<bool> is_there(size, false);
  for (size_t series = 0; series < rows.size(); ++series) {
    for (size_t i = 0; i < width; ++i) {
      T& sum = sums[rows[series] * width + i];
      sum = is_there[rows[series]] ? add(sum, from[series * width + i]) : from[series * width + i];
    }
    is_there[rows[series]] = true;
  }
  into = std::move(sums);
}

using Native = std::shared_ptr<const NativeHistogram>;

Native SumOfNatives(const Native& a, const Native& b) {
  if (a == nullptr || b == nullptr) return nullptr;
  auto sum = std::make_shared<NativeHistogram>(*a);
  Add(*sum, *b);
  return sum;
}

}  // namespace

bool MayLookAlike(const FamilySnapshot& family) {
  return family.info->is_open &&
         std::any_of(family.labels->begin(), family.labels->end(), [](const auto& set) { return !set->is_exact; });
}

FamilySnapshot WithDistinctLabels(const FamilySnapshot& family) {
  auto labels = std::make_shared<LabelSets>();
  const std::vector<size_t> rows = RowsOf(*family.labels, *labels);
  FamilySnapshot distinct = family;
  const size_t size = labels->size();
  distinct.labels = std::move(labels);
  if (size == family.size()) return distinct;
  const bool adds = family.info->type != FamilyType::kGauge;
  const auto value = [&](const Number& a, const Number& b) { return adds ? SumOf(a, b) : b; };
  const auto last = [](const auto&, const auto& b) { return b; };
  const auto sum = [](const auto& a, const auto& b) { return a + b; };
  AddUp(family.values, rows, size, distinct.values, value);
  AddUp(family.counts, rows, size, distinct.counts, sum);
  AddUp(family.sums, rows, size, distinct.sums, sum);
  AddUp(family.natives, rows, size, distinct.natives, SumOfNatives);
  // Those of several windows together cannot be told from those of each.
  const auto none = [](const auto&, const auto&) { return std::vector<QuantileValue>(); };
  AddUp(family.quantiles, rows, size, distinct.quantiles, none);
  AddUp(family.created_us, rows, size, distinct.created_us, [](int64_t a, int64_t b) { return std::min(a, b); });
  AddUp(family.timestamps_ms, rows, size, distinct.timestamps_ms, last);
  for (auto& placed : distinct.exemplars) placed.series = rows[placed.series];
  // One for each bucket, the last.
  std::stable_sort(distinct.exemplars.begin(), distinct.exemplars.end(), [](const auto& a, const auto& b) {
    return std::tie(a.series, a.bucket) < std::tie(b.series, b.bucket);
  });
  const auto same_place = [](const auto& a, const auto& b) { return a.series == b.series && a.bucket == b.bucket; };
  distinct.exemplars.erase(std::unique(distinct.exemplars.begin(), distinct.exemplars.end(), same_place),
                           distinct.exemplars.end());
  return distinct;
}

}  // namespace toolvitals
