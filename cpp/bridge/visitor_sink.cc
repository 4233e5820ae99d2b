// Telling families through the C functions that native code outside gave. Floor: bridge.
#include "bridge/visitor_sink.h"

#include <algorithm>
#include <string_view>

namespace toolvitals {
namespace {

toolvitals_type TypeOf(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return TOOLVITALS_COUNTER;
    case FamilyType::kGauge:
    case FamilyType::kInfo:
    case FamilyType::kStateSet:
      return TOOLVITALS_GAUGE;
    case FamilyType::kHistogram:
    case FamilyType::kGaugeHistogram:
      return TOOLVITALS_HISTOGRAM;
    case FamilyType::kSummary:
      return TOOLVITALS_SUMMARY;
    case FamilyType::kUnknown:
      break;
  }
  return TOOLVITALS_UNTYPED;
}

toolvitals_text SpanOf(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

EncodedLabels VisitorSink::Encode(std::span<const Label> labels) {
  const size_t begin = encoded_.size();
  for (const Label& label : labels) encoded_.emplace_back(label.name, label.value);
  return {begin, encoded_.size()};
}

void VisitorSink::Begin(const FamilyHead& head) {
  name_.assign(head.prefix).append(head.name).append(SampleSuffix(head.type));
  if (result_ != 0) return;
  result_ = visitor_.family(visitor_.context, SpanOf(name_), SpanOf(head.help), TypeOf(head.type));
}

toolvitals_series VisitorSink::Series(const SeriesLabels& labels) {
  labels_.clear();
  const auto add = [&](const auto& pair) { labels_.push_back({SpanOf(pair.first), SpanOf(pair.second)}); };
  if (labels.set != nullptr) {
    std::for_each(labels.set->pairs.begin(), labels.set->pairs.end(), add);
  } else {
    for (const EncodedLabels& range : {labels.shared, labels.own}) {
      for (size_t i = range.begin; i < range.end; ++i) add(encoded_[i]);
    }
  }
  toolvitals_series series = {};
  const bool timed = labels.marks != nullptr && labels.marks->timestamp_ms != FamilySnapshot::kNoTimestamp;
  series.timestamp_ms = timed ? labels.marks->timestamp_ms : 0;
  return series;
}

void VisitorSink::Tell(toolvitals_series& series) {
  if (result_ != 0) return;
  series.labels = labels_.data();
  series.label_count = labels_.size();
  result_ = visitor_.series(visitor_.context, &series);
}

void VisitorSink::Value(const SeriesLabels& labels, Number value) {
  toolvitals_series series = Series(labels);
  series.value = value.AsDouble();
  Tell(series);
}

void VisitorSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  toolvitals_series series = Series(labels);
  bounds_.assign(value.bounds.begin(), value.bounds.end());
  bounds_.push_back(std::numeric_limits<double>::infinity());
  counts_.clear();
  for (size_t i = 0; i < bounds_.size(); ++i) {
    if (i < value.buckets.size()) series.count += value.buckets[i];
    counts_.push_back(series.count);
  }
  series.sum = value.sum;
  series.bounds = bounds_.data();
  series.cumulative_counts = counts_.data();
  series.bucket_count = bounds_.size();
  Tell(series);
}

void VisitorSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  toolvitals_series series = Series(labels);
  bounds_.clear();
  values_.clear();
  for (const QuantileValue& quantile : value.quantiles) {
    bounds_.push_back(quantile.quantile);
    values_.push_back(quantile.value);
  }
  series.count = value.count;
  series.sum = value.sum;
  series.quantiles = bounds_.data();
  series.quantile_values = values_.data();
  series.quantile_count = bounds_.size();
  Tell(series);
}

void VisitorSink::StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                           std::span<const Number> values) {
  toolvitals_series series = Series(labels);
  for (size_t i = 0; i < std::min(states.size(), values.size()); ++i) {
    labels_.push_back({SpanOf(name_), SpanOf(states[i])});
    series.value = values[i].AsDouble();
    Tell(series);
    labels_.pop_back();
  }
}

}  // namespace toolvitals
