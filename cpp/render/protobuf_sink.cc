// Field numbers are those of the public schema, io/prometheus/client/metrics.proto.
// Floor: render.
#include "render/protobuf_sink.h"

#include <protozero/varint.hpp>

#include "render/escape.h"
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
  kMetricHistogram = 7,
};
enum LabelField : uint32_t { kLabelName = 1, kLabelValue = 2 };
// Of Gauge, Counter and Untyped.
constexpr uint32_t kValue = 1;
// Of Summary and Histogram.
enum CountedField : uint32_t { kSampleCount = 1, kSampleSum = 2, kHistogramBucket = 3 };
enum BucketField : uint32_t { kCumulativeCount = 1, kUpperBound = 2 };

// io.prometheus.client.MetricType
int32_t TypeNumber(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return 0;
    case FamilyType::kGauge:
    case FamilyType::kInfo:
      return 1;
    case FamilyType::kSummary:
      return 2;
    case FamilyType::kHistogram:
      return 4;
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

}  // namespace

EncodedLabels ProtobufSink::Encode(std::span<const Label> labels) {
  const size_t begin = labels_.size();
  protozero::pbf_writer metric(labels_);
  for (const Label& label : labels) {
    protozero::pbf_writer pair(metric, kMetricLabel);
    pair.add_string(kLabelName, EscapeName(label.name, escaping_));
    pair.add_string(kLabelValue, Valid(label.value));
  }
  return {begin, labels_.size()};
}

void ProtobufSink::Begin(const FamilyHead& head) {
  type_ = head.type;
  std::string name;
  name.append(head.prefix).append(head.name).append(SampleSuffix(head.type));
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
  // The labels are fields of this message already.
  for (const EncodedLabels& range : {labels.shared, labels.own}) {
    family_.append(labels_, range.begin, range.end - range.begin);
  }
  write(metric);
}

void ProtobufSink::Value(const SeriesLabels& labels, Number value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer message(metric, ValueField(type_));
    message.add_double(kValue, value.AsDouble());
  });
}

void ProtobufSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer histogram(metric, kMetricHistogram);
    uint64_t count = 0;
    for (const uint64_t in_bucket : value.buckets) count += in_bucket;
    histogram.add_uint64(kSampleCount, count);
    histogram.add_double(kSampleSum, value.sum);
    // The bucket of +Inf is not written: it is the count.
    uint64_t cumulative = 0;
    for (size_t i = 0; i < value.bounds.size(); ++i) {
      if (i < value.buckets.size()) cumulative += value.buckets[i];
      protozero::pbf_writer bucket(histogram, kHistogramBucket);
      bucket.add_uint64(kCumulativeCount, cumulative);
      bucket.add_double(kUpperBound, value.bounds[i]);
    }
  });
}

void ProtobufSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  AddMetric(labels, [&](protozero::pbf_writer& metric) {
    protozero::pbf_writer summary(metric, kMetricSummary);
    summary.add_uint64(kSampleCount, value.count);
    summary.add_double(kSampleSum, value.sum);
  });
}

void ProtobufSink::End() {
  // Fields stand in the order of their numbers, as other encoders write them.
  if (!unit_.empty()) protozero::pbf_writer(family_).add_string(kFamilyUnit, unit_);
  protozero::add_varint_to_buffer(&out_, family_.size());
  out_.append(family_);
}

}  // namespace toolvitals
