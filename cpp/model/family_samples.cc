// Putting lines of samples together again to counters, histograms and the rest. Floor: model.
#include "model/family_samples.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

namespace toolvitals {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr double kTwoTo64 = 18'446'744'073'709'551'616.0;

using Pairs = LabelSet::Pairs;
using Samples = std::vector<const FamilySample*>;

// The whole number that it is; nullopt for any other one.
std::optional<uint64_t> Whole(Number number) {
  if (number.is_whole) return number.whole;
  if (!(number.real >= 0) || number.real >= kTwoTo64 || number.real != std::floor(number.real)) return std::nullopt;
  return static_cast<uint64_t>(number.real);
}

// As text formats write bounds and quantiles ("+Inf" too); nullopt for what is no number.
std::optional<double> ParseDouble(std::string_view text) {
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
  return value;
}

// One series while its samples are found.
struct Row {
  Pairs labels;
  int64_t timestamp_ms = FamilySnapshot::kNoTimestamp;
  int64_t created_us = 0;
  std::optional<Number> value;
  std::optional<uint64_t> count;
  double sum = std::numeric_limits<double>::quiet_NaN();  // left out where there is none
  std::map<double, uint64_t> buckets;                     // cumulative, by upper bound
  std::map<double, Exemplar> exemplars;                   // by upper bound
  std::map<double, double> quantiles;
  std::map<std::string, Number> states;
  std::shared_ptr<const NativeHistogram> native;
};

// A sample of an unknown family, which any sample fits.
FamilySnapshot Unknown(const std::string& name, const FamilyInfo& like, const Samples& samples) {
  FamilyInfo info;
  info.name = name;
  info.help = like.help;
  FamilySnapshot family;
  auto sets = std::make_shared<LabelSets>();
  std::map<Pairs, size_t> places;
  bool timed = false;
  for (const FamilySample* sample : samples) {
    const auto [place, is_new] = places.emplace(sample->labels, sets->size());
    if (is_new) {
      sets->push_back(std::make_shared<const LabelSet>(sample->labels));
      family.values.emplace_back();
      family.timestamps_ms.push_back(FamilySnapshot::kNoTimestamp);
    }
    family.values[place->second] = sample->value;
    family.timestamps_ms[place->second] = sample->timestamp_ms;
    timed = timed || sample->timestamp_ms != FamilySnapshot::kNoTimestamp;
  }
  if (!timed) family.timestamps_ms.clear();
  family.info = std::make_shared<const FamilyInfo>(std::move(info));
  family.labels = std::move(sets);
  return family;
}

class Assembly {
 public:
  explicit Assembly(FamilyInfo info) : info_(std::move(info)) {}

  std::vector<FamilySnapshot> Assemble(const std::vector<FamilySample>& samples) {
    for (const FamilySample& sample : samples) {
      if (!Take(sample)) misfits_[sample.name].push_back(&sample);
    }
    if (IsHistogram() && !std::all_of(rows_.begin(), rows_.end(), &Rises)) return Apart(samples);
    std::vector<FamilySnapshot> families;
    if (!rows_.empty()) families.push_back(Family());
    for (const auto& [name, own] : misfits_) families.push_back(Unknown(name, info_, own));
    return families;
  }

 private:
  bool IsHistogram() const { return info_.type == FamilyType::kHistogram || info_.type == FamilyType::kGaugeHistogram; }

  // Counts of buckets that rise with the bounds, as they must.
  static bool Rises(const Row& row) {
    uint64_t before = 0;
    for (const auto& [bound, count] : row.buckets) {
      if (count < before) return false;
      before = count;
    }
    return true;
  }

  // Every sample for itself.
  std::vector<FamilySnapshot> Apart(const std::vector<FamilySample>& samples) const {
    std::map<std::string, Samples> by_name;
    for (const FamilySample& sample : samples) by_name[sample.name].push_back(&sample);
    std::vector<FamilySnapshot> families;
    for (const auto& [name, own] : by_name) families.push_back(Unknown(name, info_, own));
    return families;
  }

  // The series with these labels, but for the one named `apart`.
  Row& RowOf(const FamilySample& sample, std::string_view apart = {}) {
    Pairs labels;
    for (const auto& pair : sample.labels) {
      if (apart.empty() || pair.first != apart) labels.push_back(pair);
    }
    const auto [place, is_new] = places_.emplace(labels, rows_.size());
    if (is_new) rows_.emplace_back().labels = std::move(labels);
    Row& row = rows_[place->second];
    if (sample.timestamp_ms != FamilySnapshot::kNoTimestamp) row.timestamp_ms = sample.timestamp_ms;
    return row;
  }

  static const std::string* Find(const Pairs& labels, std::string_view name) {
    for (const auto& [label, value] : labels) {
      if (label == name) return &value;
    }
    return nullptr;
  }

  // False where the sample does not fit the type.
  bool Take(const FamilySample& sample) {
    if (sample.name.compare(0, info_.name.size(), info_.name) != 0) return false;
    const std::string_view suffix = std::string_view(sample.name).substr(info_.name.size());
    if (suffix == "_created" && HasCreated()) {
      RowOf(sample).created_us = std::llround(sample.value.AsDouble() * kMicrosPerSecond);
      return true;
    }
    switch (info_.type) {
      case FamilyType::kCounter:
        return suffix == "_total" && TakeValue(sample);
      case FamilyType::kGauge:
      case FamilyType::kUnknown:
        return suffix.empty() && TakeValue(sample);
      case FamilyType::kHistogram:
        return TakeHistogram(sample, suffix, "_count", "_sum");
      case FamilyType::kGaugeHistogram:
        return TakeHistogram(sample, suffix, "_gcount", "_gsum");
      case FamilyType::kSummary:
        return TakeSummary(sample, suffix);
      case FamilyType::kInfo:
        if (suffix == "_info") RowOf(sample);
        return suffix == "_info";
      case FamilyType::kStateSet:
        return suffix.empty() && TakeState(sample);
    }
    return false;
  }

  bool HasCreated() const {
    return info_.type == FamilyType::kCounter || info_.type == FamilyType::kHistogram ||
           info_.type == FamilyType::kSummary;
  }

  bool TakeValue(const FamilySample& sample) {
    Row& row = RowOf(sample);
    row.value = sample.value;
    if (sample.exemplar.has_value()) row.exemplars[0] = *sample.exemplar;
    return true;
  }

  bool TakeHistogram(const FamilySample& sample, std::string_view suffix, std::string_view count,
                     std::string_view sum) {
    if (suffix.empty() && sample.native != nullptr) {
      Row& row = RowOf(sample);
      row.native = sample.native;
      row.sum = sample.value.AsDouble();
      row.count = sample.native->total();
      return true;
    }
    if (suffix == sum) {
      RowOf(sample).sum = sample.value.AsDouble();
      return true;
    }
    const std::optional<uint64_t> whole = Whole(sample.value);
    if (!whole.has_value()) return false;
    if (suffix == count) {
      RowOf(sample).count = *whole;
      return true;
    }
    const std::string* le = Find(sample.labels, "le");
    const std::optional<double> bound = le == nullptr ? std::nullopt : ParseDouble(*le);
    if (suffix != "_bucket" || !bound.has_value()) return false;
    Row& row = RowOf(sample, "le");
    row.buckets[*bound] = *whole;
    if (sample.exemplar.has_value()) row.exemplars[*bound] = *sample.exemplar;
    return true;
  }

  bool TakeSummary(const FamilySample& sample, std::string_view suffix) {
    if (suffix == "_sum") {
      RowOf(sample).sum = sample.value.AsDouble();
      return true;
    }
    if (suffix == "_count") {
      const std::optional<uint64_t> whole = Whole(sample.value);
      if (whole.has_value()) RowOf(sample).count = *whole;
      return whole.has_value();
    }
    const std::string* text = Find(sample.labels, "quantile");
    const std::optional<double> quantile = text == nullptr ? std::nullopt : ParseDouble(*text);
    if (!suffix.empty() || !quantile.has_value()) return false;
    RowOf(sample, "quantile").quantiles[*quantile] = sample.value.AsDouble();
    return true;
  }

  bool TakeState(const FamilySample& sample) {
    const std::string* state = Find(sample.labels, info_.name);
    if (state == nullptr) return false;
    if (std::find(info_.states.begin(), info_.states.end(), *state) == info_.states.end()) {
      info_.states.push_back(*state);
    }
    RowOf(sample, info_.name).states[*state] = sample.value;
    return true;
  }

  FamilySnapshot Family() {
    FamilySnapshot family;
    auto sets = std::make_shared<LabelSets>();
    bool timed = false;
    bool created = false;
    for (size_t i = 0; i < rows_.size(); ++i) {
      Row& row = rows_[i];
      sets->push_back(std::make_shared<const LabelSet>(std::move(row.labels)));
      timed = timed || row.timestamp_ms != FamilySnapshot::kNoTimestamp;
      created = created || row.created_us != 0;
      family.timestamps_ms.push_back(row.timestamp_ms);
      family.created_us.push_back(row.created_us);
      Put(i, row, family);
    }
    if (!timed) family.timestamps_ms.clear();
    if (!created) family.created_us.clear();
    family.labels = std::move(sets);
    family.info = std::make_shared<const FamilyInfo>(info_);
    return family;
  }

  void Put(size_t series, Row& row, FamilySnapshot& family) const {
    switch (info_.type) {
      case FamilyType::kCounter:
      case FamilyType::kGauge:
      case FamilyType::kUnknown:
        family.values.push_back(row.value.value_or(Number()));
        for (auto& [bound, exemplar] : row.exemplars) family.exemplars.push_back({series, 0, std::move(exemplar)});
        return;
      case FamilyType::kHistogram:
      case FamilyType::kGaugeHistogram:
        return PutHistogram(series, row, family);
      case FamilyType::kSummary: {
        family.counts.push_back(row.count.value_or(0));
        family.sums.push_back(row.sum);
        auto& quantiles = family.quantiles.emplace_back();
        for (const auto& [quantile, value] : row.quantiles) quantiles.push_back({quantile, value});
        return;
      }
      case FamilyType::kStateSet:
        for (const std::string& state : info_.states) {
          const auto found = row.states.find(state);
          family.values.push_back(found == row.states.end() ? Number() : found->second);
        }
        return;
      case FamilyType::kInfo:
        return;
    }
  }

  static void PutHistogram(size_t series, Row& row, FamilySnapshot& family) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    uint64_t all = row.count.value_or(0);
    if (!row.buckets.empty()) all = std::max(all, row.buckets.rbegin()->second);
    if (const auto infinite = row.buckets.find(kInfinity); infinite != row.buckets.end()) all = infinite->second;
    row.buckets[kInfinity] = all;
    auto bounds = std::make_shared<std::vector<double>>();
    uint64_t before = 0;
    for (const auto& [bound, count] : row.buckets) {
      if (const auto exemplar = row.exemplars.find(bound); exemplar != row.exemplars.end()) {
        family.exemplars.push_back({series, bounds->size(), std::move(exemplar->second)});
      }
      if (bound != kInfinity) bounds->push_back(bound);
      family.counts.push_back(count - before);
      before = count;
    }
    // One vector for all, where they are the same, so that a format writes them as text once.
    const bool same = !family.bounds.empty() && *family.bounds.back() == *bounds;
    family.bounds.push_back(same ? family.bounds.back() : std::move(bounds));
    family.sums.push_back(row.sum);
    family.natives.push_back(std::move(row.native));
  }

  FamilyInfo info_;
  std::vector<Row> rows_;
  std::map<Pairs, size_t> places_;
  std::map<std::string, Samples> misfits_;
};

}  // namespace

std::vector<FamilySnapshot> FamiliesOf(FamilyInfo info, const std::vector<FamilySample>& samples) {
  return Assembly(std::move(info)).Assemble(samples);
}

}  // namespace toolvitals
