// Writing families as the JSON document has them. Floor: render.
#include "render/families_json.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "render/json_values.h"
#include "render/type_name.h"

namespace toolvitals {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr double kMillisPerSecond = 1e3;
constexpr std::string_view kOverflowLabel = "otel_metric_overflow";

// What stands in front of the next of several things: `first`, then a comma.
class Separator {
 public:
  explicit Separator(std::string_view first) : text_(first) {}
  std::string_view Next() { return std::exchange(text_, ","); }
  // Whether there was none.
  bool unused() const { return text_ != ","; }

 private:
  std::string_view text_;
};

void NumberJson(std::string_view key, Number value, Writer& writer) {
  if (value.is_whole) return JsonUnsigned(key, value.whole, writer);
  JsonDouble(key, value.real, writer);
}

// A double as a key, as the text formats write bounds and quantiles.
void DoubleKey(double value, Writer& writer) {
  writer.Text("\"");
  writer.GoDouble(value);
  writer.Text("\":");
}

void Labels(std::string_view key, const LabelSet::Pairs& pairs, Writer& writer) {
  writer.Text(key);
  Separator separator("{");
  for (const auto& [name, value] : pairs) {
    writer.Text(separator.Next());
    JsonString(name, writer);
    writer.Text(":");
    JsonString(value, writer);
  }
  writer.Text(pairs.empty() ? "{}" : "}");
}

class FamilyJson {
 public:
  FamilyJson(const FamilySnapshot& family, Writer& writer)
      : family_(family), writer_(writer), counts_(family.counts), exemplars_(family.exemplars) {}

  void Write() {
    const FamilyInfo& info = *family_.info;
    writer_.Text("{\"type\":\"");
    writer_.Text(TypeName(info.type, /*open_metrics=*/true));
    writer_.Text("\",\"help\":");
    JsonString(info.help, writer_);
    writer_.Text(",\"unit\":");
    JsonString(info.unit, writer_);
    writer_.Text(",\"series\":");
    Separator separator("[");
    for (size_t series = 0; series < family_.size(); ++series) {
      writer_.Text(separator.Next());
      Labels("{\"labels\":", (*family_.labels)[series]->pairs, writer_);
      Value(series);
      Marks(series);
      writer_.Text("}");
    }
    writer_.Text(family_.size() == 0 ? "[]}" : "]}");
  }

 private:
  void Value(size_t series) {
    switch (family_.info->type) {
      case FamilyType::kCounter:
      case FamilyType::kGauge:
      case FamilyType::kUnknown:
        return NumberJson(",\"value\":", family_.values[series], writer_);
      case FamilyType::kHistogram:
      case FamilyType::kGaugeHistogram:
        return Histogram(series);
      case FamilyType::kSummary:
        return Summary(series);
      case FamilyType::kStateSet:
        return States(series);
      case FamilyType::kInfo:
        return;  // It is in the labels.
    }
  }

  void Histogram(size_t series) {
    const std::span<const double> bounds = family_.bounds.empty() ? family_.info->bounds : *family_.bounds[series];
    const std::span<const uint64_t> counts = counts_.first(std::min(bounds.size() + 1, counts_.size()));
    counts_ = counts_.subspan(counts.size());
    const NativeHistogram* native = family_.natives.empty() ? nullptr : family_.natives[series].get();
    uint64_t count = 0;
    for (const uint64_t bucket : counts) count += bucket;
    if (native != nullptr) count = std::max(count, native->total());
    JsonUnsigned(",\"count\":", count, writer_);
    JsonDouble(",\"sum\":", family_.sums[series], writer_);
    writer_.Text(",\"buckets\":");
    uint64_t cumulative = 0;
    Separator separator("{");
    for (size_t i = 0; i < counts.size(); ++i) {
      writer_.Text(separator.Next());
      cumulative += counts[i];
      DoubleKey(i < bounds.size() ? bounds[i] : kInfinity, writer_);
      writer_.Unsigned(cumulative);
    }
    writer_.Text(separator.unused() ? "{}" : "}");
    if (native != nullptr) Native(*native);
  }

  void Native(const NativeHistogram& native) {
    writer_.Text(",\"native\":{\"schema\":");
    writer_.Signed(native.schema);
    JsonDouble(",\"zero_threshold\":", native.zero_threshold, writer_);
    JsonUnsigned(",\"zero_count\":", native.zero_count, writer_);
    NativeBucketsJson(",\"positive\":", native.positive, native.infinite_index);
    NativeBucketsJson(",\"negative\":", native.negative, native.infinite_index);
    writer_.Text("}");
  }

  // Index -> count, without the empty buckets.
  void NativeBucketsJson(std::string_view key, const NativeBuckets& buckets, int32_t infinite_index) {
    writer_.Text(key);
    Separator separator("{");
    const auto bucket = [&](int64_t index, uint64_t count) {
      if (count == 0) return;
      writer_.Text(separator.Next());
      writer_.Text("\"");
      writer_.Signed(index);
      JsonUnsigned("\":", count, writer_);
    };
    for (size_t i = 0; i < buckets.counts.size(); ++i) {
      bucket(int64_t{buckets.first_index} + static_cast<int64_t>(i), buckets.counts[i]);
    }
    bucket(infinite_index, buckets.infinite);
    writer_.Text(separator.unused() ? "{}" : "}");
  }

  void Summary(size_t series) {
    JsonUnsigned(",\"count\":", family_.counts[series], writer_);
    JsonDouble(",\"sum\":", family_.sums[series], writer_);
    writer_.Text(",\"quantiles\":");
    Separator separator("{");
    if (!family_.quantiles.empty()) {
      for (const QuantileValue& quantile : family_.quantiles[series]) {
        writer_.Text(separator.Next());
        DoubleKey(quantile.quantile, writer_);
        JsonDouble("", quantile.value, writer_);
      }
    }
    writer_.Text(separator.unused() ? "{}" : "}");
  }

  void States(size_t series) {
    const std::vector<std::string>& states = family_.info->states;
    writer_.Text(",\"states\":");
    Separator separator("{");
    for (size_t i = 0; i < states.size(); ++i) {
      writer_.Text(separator.Next());
      JsonString(states[i], writer_);
      writer_.Text(family_.values[series * states.size() + i].AsDouble() != 0 ? ":true" : ":false");
    }
    writer_.Text(states.empty() ? "{}" : "}");
  }

  void Marks(size_t series) {
    if (!family_.created_us.empty() && family_.created_us[series] != 0) {
      JsonDouble(",\"created\":", static_cast<double>(family_.created_us[series]) / kMicrosPerSecond, writer_);
    }
    if (!family_.timestamps_ms.empty() && family_.timestamps_ms[series] != FamilySnapshot::kNoTimestamp) {
      JsonDouble(",\"timestamp\":", static_cast<double>(family_.timestamps_ms[series]) / kMillisPerSecond, writer_);
    }
    Separator separator(",\"exemplars\":[");
    while (!exemplars_.empty() && exemplars_.front().series == series) {
      const Exemplar& exemplar = exemplars_.front().exemplar;
      writer_.Text(separator.Next());
      Labels("{\"labels\":", exemplar.labels, writer_);
      JsonDouble(",\"value\":", exemplar.value, writer_);
      const double seconds = static_cast<double>(exemplar.timestamp_us) / kMicrosPerSecond;
      JsonDouble(",\"timestamp\":", exemplar.timestamp_us == 0 ? kAbsent : seconds, writer_);
      writer_.Text("}");
      exemplars_ = exemplars_.subspan(1);
    }
    if (!separator.unused()) writer_.Text("]");
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();

  const FamilySnapshot& family_;
  Writer& writer_;
  std::span<const uint64_t> counts_;
  std::span<const FamilySnapshot::PlacedExemplar> exemplars_;
};

// How many values each label of a family has: the label that explodes has nearly as many as there are series.
void DistinctValues(const FamilySnapshot* family, Writer& writer) {
  std::vector<std::pair<std::string_view, absl::flat_hash_set<absl::string_view>>> labels;
  if (family != nullptr) {
    for (const auto& set : *family->labels) {
      for (size_t i = 0; i < set->pairs.size(); ++i) {
        const auto& [name, value] = set->pairs[i];
        if (name == kOverflowLabel) continue;
        if (i == labels.size()) labels.emplace_back(name, absl::flat_hash_set<absl::string_view>());
        labels[i].second.insert(value);
      }
    }
  }
  writer.Text(",\"distinct_values\":");
  Separator separator("{");
  for (const auto& [name, values] : labels) {
    writer.Text(separator.Next());
    JsonString(name, writer);
    JsonUnsigned(":", values.size(), writer);
  }
  writer.Text(labels.empty() ? "{}" : "}");
}

void Busiest(const std::string& family, const std::vector<OffenderSnapshot>& offenders, Writer& writer) {
  writer.Text(",\"busiest\":");
  Separator separator("[");
  for (const OffenderSnapshot& offender : offenders) {
    if (offender.family != family) continue;
    writer.Text(separator.Next());
    writer.Text("{\"label\":");
    JsonString(offender.label, writer);
    writer.Text(",\"value\":");
    JsonString(offender.value, writer);
    JsonUnsigned(",\"count\":", offender.count, writer);
    JsonUnsigned(",\"error\":", offender.error, writer);
    writer.Text("}");
  }
  writer.Text(separator.unused() ? "[]" : "]");
}

}  // namespace

void FamiliesJson(const std::vector<FamilySnapshot>& families, Writer& writer) {
  absl::flat_hash_set<absl::string_view> names;
  Separator separator("{");
  for (const FamilySnapshot& family : families) {
    if (!names.insert(family.info->name).second) continue;
    writer.Text(separator.Next());
    JsonString(family.info->name, writer);
    writer.Text(":");
    FamilyJson(family, writer).Write();
  }
  writer.Text(separator.unused() ? "{}" : "}");
}

void OverflowJson(const Snapshot& snapshot, Writer& writer) {
  Separator separator("{");
  for (const auto& [name, records] : snapshot.self.overflowed_records) {
    const auto found = std::find_if(snapshot.families.begin(), snapshot.families.end(),
                                    [&name = name](const FamilySnapshot& family) { return family.info->name == name; });
    writer.Text(separator.Next());
    JsonString(name, writer);
    JsonUnsigned(":{\"records\":", records, writer);
    DistinctValues(found == snapshot.families.end() ? nullptr : &*found, writer);
    Busiest(name, snapshot.self.offenders, writer);
    writer.Text("}");
  }
  writer.Text(separator.unused() ? "{}" : "}");
}

}  // namespace toolvitals
