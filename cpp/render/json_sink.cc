// The keys of a family and of its series, by type.
// Floor: render.
#include "render/json_sink.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "render/json_values.h"
#include "render/type_name.h"

namespace toolvitals {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr double kMillisPerSecond = 1e3;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

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

// A double as a key, as the text formats write bounds and quantiles.
void DoubleKey(double value, Writer& writer) {
  writer.Text("\"");
  writer.GoDouble(value);
  writer.Text("\":");
}

// JSON has no NaN and no infinity: null, and beside it the text that says which it is.
void Real(std::string_view name, double value, Writer& writer) {
  writer.Text(",\"");
  writer.Text(name);
  JsonDouble("\":", value, writer);
  if (std::isfinite(value)) return;
  writer.Text(",\"");
  writer.Text(name);
  writer.Text("_text\":\"");
  writer.GoDouble(value);
  writer.Text("\"");
}

void Pairs(const LabelSet::Pairs& pairs, Writer& writer) {
  Separator separator("");
  for (const auto& [name, value] : pairs) {
    writer.Text(separator.Next());
    JsonString(name, writer);
    writer.Text(":");
    JsonString(value, writer);
  }
}

// A number that is no JSON is null, as in Real().
void AttributeJson(double value, Writer& writer) { JsonDouble("", value, writer); }
void AttributeJson(bool value, Writer& writer) { writer.Text(value ? "true" : "false"); }
void AttributeJson(int64_t value, Writer& writer) { writer.Signed(value); }
void AttributeJson(const std::string& value, Writer& writer) { JsonString(value, writer); }

// The text beside such a number.
void SpecialText(double value, Writer& writer) {
  writer.Text("\"");
  writer.GoDouble(value);
  writer.Text("\"");
}

template <typename T, typename Write>
void Array(const std::vector<T>& values, Write write, Writer& writer) {
  Separator separator("");
  writer.Text("[");
  for (const auto& value : values) {
    writer.Text(separator.Next());
    write(static_cast<const T&>(value), writer);
  }
  writer.Text("]");
}

template <typename T>
void AttributeJson(const std::vector<T>& values, Writer& writer) {
  Array(
      values, [](const T& value, Writer& out) { AttributeJson(value, out); }, writer);
}

// Whether a number of it is no JSON.
bool HasText(const AttributeValue& value) {
  const auto is_special = [](double number) { return !std::isfinite(number); };
  if (const auto* number = std::get_if<double>(&value)) return is_special(*number);
  const auto* numbers = std::get_if<std::vector<double>>(&value);
  return numbers != nullptr && std::any_of(numbers->begin(), numbers->end(), is_special);
}

}  // namespace

EncodedLabels JsonSink::Encode(std::span<const Label> labels) {
  EncodedLabels range{encoded_.size(), 0};
  Writer writer(encoded_);
  for (const Label& label : labels) {
    JsonString(label.name, writer);
    writer.Text(":");
    JsonString(label.value, writer);
    writer.Text(",");
  }
  range.end = writer.written();
  return range;
}

void JsonSink::Begin(const FamilyHead& head) {
  writer_.Text(any_family_ ? ",\"" : "{\"");
  any_family_ = true;
  any_series_ = false;
  EscapeJson(head.prefix, writer_);
  EscapeJson(head.name, writer_);
  writer_.Text("\":{\"type\":\"");
  writer_.Text(TypeName(head.type, /*open_metrics=*/true));
  writer_.Text("\",\"help\":");
  JsonString(head.help, writer_);
  writer_.Text(",\"unit\":");
  JsonString(head.unit, writer_);
  writer_.Text(",\"series\":[");
}

void JsonSink::End() { writer_.Text("]}"); }

void JsonSink::Finish() { writer_.Text(any_family_ ? "}" : "{}"); }

void JsonSink::BeginSeries(const SeriesLabels& labels) {
  writer_.Text(any_series_ ? ",{\"labels\":{" : "{\"labels\":{");
  any_series_ = true;
  if (labels.set != nullptr) {
    Pairs(labels.set->pairs, writer_);
  } else {
    // The last comma is one too many.
    const std::string_view all = encoded_;
    const std::string_view shared = all.substr(labels.shared.begin, labels.shared.end - labels.shared.begin);
    const std::string_view own = all.substr(labels.own.begin, labels.own.end - labels.own.begin);
    writer_.Text(own.empty() ? shared.substr(0, shared.size() - (shared.empty() ? 0 : 1)) : shared);
    if (!own.empty()) writer_.Text(own.substr(0, own.size() - 1));
  }
  writer_.Text("}");
  if (labels.set != nullptr && labels.set->attributes.has_value()) WriteAttributes(*labels.set->attributes);
}

void JsonSink::WriteAttributes(const Attributes& attributes) {
  writer_.Text(",\"attributes\":{");
  Separator separator("");
  for (const Attribute& attribute : attributes) {
    writer_.Text(separator.Next());
    JsonString(attribute.key, writer_);
    writer_.Text(":");
    std::visit([&](const auto& typed) { AttributeJson(typed, writer_); }, attribute.value);
  }
  writer_.Text("}");
  Separator text_separator(",\"attributes_text\":{");
  for (const Attribute& attribute : attributes) {
    if (!HasText(attribute.value)) continue;
    writer_.Text(text_separator.Next());
    JsonString(attribute.key, writer_);
    writer_.Text(":");
    if (const auto* number = std::get_if<double>(&attribute.value)) {
      SpecialText(*number, writer_);
    } else {
      Array(std::get<std::vector<double>>(attribute.value), &SpecialText, writer_);
    }
  }
  if (!text_separator.unused()) writer_.Text("}");
}

void JsonSink::EndSeries(const SeriesLabels& labels) {
  if (labels.marks != nullptr) {
    const SeriesMarks& marks = *labels.marks;
    if (marks.created_us != 0) {
      JsonDouble(",\"created\":", static_cast<double>(marks.created_us) / kMicrosPerSecond, writer_);
    }
    if (marks.timestamp_ms != FamilySnapshot::kNoTimestamp) {
      JsonDouble(",\"timestamp\":", static_cast<double>(marks.timestamp_ms) / kMillisPerSecond, writer_);
    }
    Exemplars(marks);
  }
  writer_.Text("}");
}

void JsonSink::Exemplars(const SeriesMarks& marks) {
  Separator separator(",\"exemplars\":[");
  for (const FamilySnapshot::PlacedExemplar& placed : marks.exemplars) {
    const Exemplar& exemplar = placed.exemplar;
    writer_.Text(separator.Next());
    writer_.Text("{\"labels\":{");
    Pairs(exemplar.labels, writer_);
    writer_.Text("}");
    Real("value", exemplar.value, writer_);
    const double seconds = static_cast<double>(exemplar.timestamp_us) / kMicrosPerSecond;
    JsonDouble(",\"timestamp\":", exemplar.timestamp_us == 0 ? std::nan("") : seconds, writer_);
    writer_.Text("}");
  }
  if (!separator.unused()) writer_.Text("]");
}

void JsonSink::Value(const SeriesLabels& labels, Number value) {
  BeginSeries(labels);
  if (value.is_whole) {
    JsonUnsigned(",\"value\":", value.whole, writer_);
  } else {
    Real("value", value.real, writer_);
  }
  EndSeries(labels);
}

void JsonSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  BeginSeries(labels);
  uint64_t count = 0;
  for (const uint64_t bucket : value.buckets) count += bucket;
  if (value.native != nullptr) count = std::max(count, value.native->total());
  JsonUnsigned(",\"count\":", count, writer_);
  Real("sum", value.sum, writer_);
  writer_.Text(",\"buckets\":{");
  uint64_t cumulative = 0;
  Separator separator("");
  for (size_t i = 0; i < value.buckets.size(); ++i) {
    writer_.Text(separator.Next());
    cumulative += value.buckets[i];
    DoubleKey(i < value.bounds.size() ? value.bounds[i] : kInfinity, writer_);
    writer_.Unsigned(cumulative);
  }
  writer_.Text("}");
  if (value.native != nullptr) Native(*value.native);
  EndSeries(labels);
}

void JsonSink::Native(const NativeHistogram& native) {
  writer_.Text(",\"native\":{\"schema\":");
  writer_.Signed(native.schema);
  JsonDouble(",\"zero_threshold\":", native.zero_threshold, writer_);
  JsonUnsigned(",\"zero_count\":", native.zero_count, writer_);
  NativeBuckets(",\"positive\":{", native.positive, native.infinite_index);
  NativeBuckets(",\"negative\":{", native.negative, native.infinite_index);
  writer_.Text("}");
}

// Index -> count, without the empty buckets.
void JsonSink::NativeBuckets(std::string_view key, const toolvitals::NativeBuckets& buckets, int32_t infinite_index) {
  writer_.Text(key);
  Separator separator("");
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
  writer_.Text("}");
}

void JsonSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  BeginSeries(labels);
  JsonUnsigned(",\"count\":", value.count, writer_);
  Real("sum", value.sum, writer_);
  writer_.Text(",\"quantiles\":{");
  Separator separator("");
  for (const QuantileValue& quantile : value.quantiles) {
    writer_.Text(separator.Next());
    DoubleKey(quantile.quantile, writer_);
    JsonDouble("", quantile.value, writer_);
  }
  writer_.Text("}");
  // NaN is where there are no samples, and null alone says so.
  Separator text_separator(",\"quantiles_text\":{");
  for (const QuantileValue& quantile : value.quantiles) {
    if (!std::isinf(quantile.value)) continue;
    writer_.Text(text_separator.Next());
    DoubleKey(quantile.quantile, writer_);
    SpecialText(quantile.value, writer_);
  }
  if (!text_separator.unused()) writer_.Text("}");
  EndSeries(labels);
}

// It is in the labels.
void JsonSink::Info(const SeriesLabels& labels) {
  BeginSeries(labels);
  EndSeries(labels);
}

void JsonSink::StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                        std::span<const Number> values) {
  BeginSeries(labels);
  writer_.Text(",\"states\":{");
  Separator separator("");
  for (size_t i = 0; i < states.size(); ++i) {
    writer_.Text(separator.Next());
    JsonString(states[i], writer_);
    writer_.Text(values[i].AsDouble() != 0 ? ":true" : ":false");
  }
  writer_.Text("}");
  EndSeries(labels);
}

}  // namespace toolvitals
