// Writing MetricFamily messages; field numbers are those of the public schema, io/prometheus/client/metrics.proto.
// Floor: render.
#include "render/protobuf_sink.h"

#include <algorithm>
#include <cmath>
#include <protozero/varint.hpp>
#include <vector>

#include "render/escape.h"
#include "render/native_runs.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

enum FamilyField : uint32_t { kFamilyName = 1, kFamilyHelp = 2, kFamilyType = 3, kFamilyMetric = 4, kFamilyUnit = 5 };
enum MetricField : uint32_t {
  kMetricLabel = 1,
  kMetricGauge = 2,
  kMetricCounter = 3,
  kMetricSummary = 4,
  kMetricUntyped = 5,
  kMetricTimestampMs = 6,
  kMetricHistogram = 7,
};
enum LabelField : uint32_t { kLabelName = 1, kLabelValue = 2 };
// Of Gauge, Counter and Untyped.
constexpr uint32_t kValue = 1;
enum CounterField : uint32_t { kCounterExemplar = 2, kCounterCreated = 3 };
// Of Summary and Histogram.
enum CountedField : uint32_t { kSampleCount = 1, kSampleSum = 2 };
enum SummaryField : uint32_t { kSummaryQuantile = 3, kSummaryCreated = 4 };
enum QuantileField : uint32_t { kQuantile = 1, kQuantileValue = 2 };
enum HistogramField : uint32_t {
  kHistogramBucket = 3,
  kHistogramSchema = 5,
  kHistogramZeroThreshold = 6,
  kHistogramZeroCount = 7,
  kHistogramNegativeSpan = 9,
  kHistogramNegativeDelta = 10,
  kHistogramPositiveSpan = 12,
  kHistogramPositiveDelta = 13,
  kHistogramCreated = 15,
};
enum BucketField : uint32_t { kCumulativeCount = 1, kUpperBound = 2, kBucketExemplar = 3 };
enum SpanField : uint32_t { kSpanOffset = 1, kSpanLength = 2 };
enum ExemplarField : uint32_t { kExemplarLabel = 1, kExemplarValue = 2, kExemplarTimestamp = 3 };
enum TimestampField : uint32_t { kSeconds = 1, kNanos = 2 };

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int32_t kNanosPerMicro = 1000;

// io.prometheus.client.MetricType
int32_t TypeNumber(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kGauge:
    case FamilyType::kInfo:
    case FamilyType::kStateSet:
      return 1;
    case FamilyType::kSummary:
      return 2;
    case FamilyType::kHistogram:
      return 4;
    case FamilyType::kGaugeHistogram:
      return 5;
    case FamilyType::kUnknown:
      break;
  }
  return 3;
}

uint32_t ValueField(FamilyType type) {
  if (type == FamilyType::kCounter) return kMetricCounter;
  return type == FamilyType::kUnknown ? kMetricUntyped : kMetricGauge;
}

std::string Valid(std::string_view text) {
  std::string valid;
  {
    Writer writer(valid);
    CopyValid(text, writer);
  }
  return valid;
}

void AddTimestamp(protozero::pbf_writer& message, uint32_t field, int64_t unix_us) {
  if (unix_us == 0) return;
  protozero::pbf_writer timestamp(message, field);
  timestamp.add_int64(kSeconds, unix_us / kMicrosPerSecond);
  timestamp.add_int32(kNanos, static_cast<int32_t>(unix_us % kMicrosPerSecond) * kNanosPerMicro);
}

// Buckets as Prometheus encodes them: spans, and the difference of each count to the one before.
void AddBuckets(protozero::pbf_writer& histogram, const std::vector<NativeRun>& runs, uint32_t span_field,
                uint32_t delta_field) {
  for (const NativeSpan& span : SpansOf(runs)) {
    protozero::pbf_writer message(histogram, span_field);
    message.add_sint32(kSpanOffset, static_cast<int32_t>(span.offset));
    message.add_uint32(kSpanLength, static_cast<uint32_t>(span.length));
  }
  for (const int64_t delta : DeltasOf(runs)) histogram.add_sint64(delta_field, delta);
}

void AddNative(protozero::pbf_writer& histogram, const NativeHistogram& native) {
  histogram.add_sint32(kHistogramSchema, native.schema);
  histogram.add_double(kHistogramZeroThreshold, native.zero_threshold);
  histogram.add_uint64(kHistogramZeroCount, native.zero_count);
  const std::vector<NativeRun> negative = RunsOf(native.negative, native.infinite_index);
  const std::vector<NativeRun> positive = RunsOf(native.positive, native.infinite_index);
  AddBuckets(histogram, negative, kHistogramNegativeSpan, kHistogramNegativeDelta);
  AddBuckets(histogram, positive, kHistogramPositiveSpan, kHistogramPositiveDelta);
  if (negative.empty() && positive.empty()) {
    // A span of no buckets tells a native histogram without observations from a classic one.
    protozero::pbf_writer span(histogram, kHistogramPositiveSpan);
    span.add_sint32(kSpanOffset, 0);
    span.add_uint32(kSpanLength, 0);
  }
}

}  // namespace

void ProtobufSink::AddLabel(protozero::pbf_writer& message, uint32_t field, std::string_view name,
                            std::string_view value) const {
  protozero::pbf_writer pair(message, field);
  pair.add_string(kLabelName, EscapeLabelName(name, escaping_));
  pair.add_string(kLabelValue, Valid(value));
}

void ProtobufSink::AddExemplar(protozero::pbf_writer& message, uint32_t field, const Exemplar& exemplar) const {
  protozero::pbf_writer writer(message, field);
  for (const auto& [name, value] : exemplar.labels) AddLabel(writer, kExemplarLabel, name, value);
  writer.add_double(kExemplarValue, exemplar.value);
  AddTimestamp(writer, kExemplarTimestamp, exemplar.timestamp_us);
}

EncodedLabels ProtobufSink::Encode(std::span<const Label> labels) {
  const size_t begin = labels_.size();
  protozero::pbf_writer metric(labels_);
  for (const Label& label : labels) AddLabel(metric, kMetricLabel, label.name, label.value);
  return {begin, labels_.size()};
}

void ProtobufSink::Begin(const FamilyHead& head) {
  type_ = head.type;
  name_.assign(head.prefix).append(head.name);
  const std::string name = name_ + std::string(SampleSuffix(head.type));
  family_.clear();
  protozero::pbf_writer family(family_);
  family.add_string(kFamilyName, EscapeName(name, escaping_));
  family.add_string(kFamilyHelp, Valid(head.help));
  family.add_enum(kFamilyType, TypeNumber(head.type));
  unit_ = head.unit;
}

template <typename Write>
void ProtobufSink::AddMetric(const SeriesLabels& labels, Write write) {
  protozero::pbf_writer family(family_);
  protozero::pbf_writer metric(family, kFamilyMetric);
  if (labels.set != nullptr) {
    for (const auto& [name, value] : labels.set->pairs) AddLabel(metric, kMetricLabel, name, value);
  } else {
    // The labels are fields of this message already.
    for (const EncodedLabels& range : {labels.shared, labels.own}) {
      family_.append(labels_, range.begin, range.end - range.begin);
    }
  }
  write(metric);
  if (labels.marks != nullptr && labels.marks->timestamp_ms != FamilySnapshot::kNoTimestamp) {
    metric.add_int64(kMetricTimestampMs, labels.marks->timestamp_ms);
  }
}

void ProtobufSink::Value(const SeriesLabels& labels, Number value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer message(metric, ValueField(type_));
    message.add_double(kValue, value.AsDouble());
    if (type_ != FamilyType::kCounter || labels.marks == nullptr) return;
    if (!labels.marks->exemplars.empty()) {
      AddExemplar(message, kCounterExemplar, labels.marks->exemplars.front().exemplar);
    }
    AddTimestamp(message, kCounterCreated, labels.marks->created_us);
  });
}

void ProtobufSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer histogram(metric, kMetricHistogram);
    uint64_t count = 0;
    if (value.native != nullptr) {
      // Prometheus refuses a native histogram whose buckets do not add up to its count.
      count = value.native->total();
    } else {
      for (const uint64_t in_bucket : value.buckets) count += in_bucket;
    }
    histogram.add_uint64(kSampleCount, count);
    histogram.add_double(kSampleSum, value.sum);
    auto exemplars =
        labels.marks == nullptr ? std::span<const FamilySnapshot::PlacedExemplar>() : labels.marks->exemplars;
    // The bucket of +Inf is the count, and is written only where it has an exemplar to carry.
    uint64_t cumulative = 0;
    for (size_t i = 0; i <= value.bounds.size(); ++i) {
      const bool marked = !exemplars.empty() && exemplars.front().bucket == i;
      if (i == value.bounds.size() && !marked) break;
      if (i < value.buckets.size()) cumulative += value.buckets[i];
      protozero::pbf_writer bucket(histogram, kHistogramBucket);
      bucket.add_uint64(kCumulativeCount, cumulative);
      bucket.add_double(kUpperBound, i < value.bounds.size() ? value.bounds[i] : HUGE_VAL);
      if (!marked) continue;
      AddExemplar(bucket, kBucketExemplar, exemplars.front().exemplar);
      exemplars = exemplars.subspan(1);
    }
    if (value.native != nullptr) AddNative(histogram, *value.native);
    if (labels.marks != nullptr && type_ == FamilyType::kHistogram) {
      AddTimestamp(histogram, kHistogramCreated, labels.marks->created_us);
    }
  });
}

void ProtobufSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer summary(metric, kMetricSummary);
    summary.add_uint64(kSampleCount, value.count);
    summary.add_double(kSampleSum, value.sum);
    for (const QuantileValue& quantile : value.quantiles) {
      protozero::pbf_writer message(summary, kSummaryQuantile);
      message.add_double(kQuantile, quantile.quantile);
      message.add_double(kQuantileValue, quantile.value);
    }
    if (labels.marks != nullptr) AddTimestamp(summary, kSummaryCreated, labels.marks->created_us);
  });
}

void ProtobufSink::StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                            std::span<const Number> values) {
  for (size_t i = 0; i < std::min(states.size(), values.size()); ++i) {
    LabelSet set;
    if (labels.set != nullptr) set.pairs = labels.set->pairs;
    set.pairs.emplace_back(name_, states[i]);
    SeriesLabels state = labels;
    state.set = &set;
    Value(state, values[i]);
  }
}

void ProtobufSink::End() {
  // Fields stand in the order of their numbers, as other encoders write them.
  if (!unit_.empty()) protozero::pbf_writer(family_).add_string(kFamilyUnit, unit_);
  protozero::add_varint_to_buffer(&out_, family_.size());
  out_.append(family_);
}

}  // namespace toolvitals
