// prometheus-cpp's Collectable and toolvitals, both ways. Header-only; needs prometheus-cpp (1.0 or newer) to compile,
// and nothing of toolvitals to link.
//
//   In:   toolvitals::CollectableSource shown(*api, registry);   // while it lives, our endpoints show the registry
//   Out:  auto ours = std::make_shared<toolvitals::ToolvitalsCollectable>(*api);
//         exposer.RegisterCollectable(ours);                     // their endpoint shows what toolvitals has
//
// toolvitals/api.h says where `api` comes from.
#pragma once

#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "toolvitals/api.h"

namespace toolvitals {

namespace bridge {

inline toolvitals_text TextOf(const std::string& text) { return {text.data(), text.size()}; }
inline std::string StringOf(toolvitals_text text) { return std::string(text.data, text.size); }

inline toolvitals_type TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return TOOLVITALS_COUNTER;
    case prometheus::MetricType::Summary:
      return TOOLVITALS_SUMMARY;
    case prometheus::MetricType::Histogram:
      return TOOLVITALS_HISTOGRAM;
    case prometheus::MetricType::Untyped:
      return TOOLVITALS_UNTYPED;
    default:  // a gauge; in newer versions also an info, whose value is 1
      return TOOLVITALS_GAUGE;
  }
}

inline prometheus::MetricType TypeOf(toolvitals_type type) {
  switch (type) {
    case TOOLVITALS_COUNTER:
      return prometheus::MetricType::Counter;
    case TOOLVITALS_GAUGE:
      return prometheus::MetricType::Gauge;
    case TOOLVITALS_SUMMARY:
      return prometheus::MetricType::Summary;
    case TOOLVITALS_HISTOGRAM:
      return prometheus::MetricType::Histogram;
    case TOOLVITALS_UNTYPED:
      break;
  }
  return prometheus::MetricType::Untyped;
}

inline double ValueOf(const prometheus::MetricFamily& family, const prometheus::ClientMetric& metric) {
  switch (family.type) {
    case prometheus::MetricType::Counter:
      return metric.counter.value;
    case prometheus::MetricType::Gauge:
      return metric.gauge.value;
    case prometheus::MetricType::Untyped:
      return metric.untyped.value;
    default:
      return 1;  // of an info
  }
}

inline int Visit(const toolvitals_visitor& visitor, const prometheus::MetricFamily& family,
                 const prometheus::ClientMetric& metric) {
  std::vector<toolvitals_label> labels;
  for (const auto& label : metric.label) labels.push_back({TextOf(label.name), TextOf(label.value)});
  std::vector<double> first;
  std::vector<double> second;
  std::vector<std::uint64_t> counts;
  toolvitals_series series = {};
  series.labels = labels.data();
  series.label_count = labels.size();
  series.timestamp_ms = metric.timestamp_ms;
  if (family.type == prometheus::MetricType::Histogram) {
    for (const auto& bucket : metric.histogram.bucket) {
      first.push_back(bucket.upper_bound);
      counts.push_back(bucket.cumulative_count);
    }
    series.count = metric.histogram.sample_count;
    series.sum = metric.histogram.sample_sum;
    series.bounds = first.data();
    series.cumulative_counts = counts.data();
    series.bucket_count = first.size();
  } else if (family.type == prometheus::MetricType::Summary) {
    for (const auto& quantile : metric.summary.quantile) {
      first.push_back(quantile.quantile);
      second.push_back(quantile.value);
    }
    series.count = metric.summary.sample_count;
    series.sum = metric.summary.sample_sum;
    series.quantiles = first.data();
    series.quantile_values = second.data();
    series.quantile_count = first.size();
  } else {
    series.value = ValueOf(family, metric);
  }
  return visitor.series(visitor.context, &series);
}

inline int Visit(const toolvitals_visitor& visitor, const std::vector<prometheus::MetricFamily>& families) {
  for (const auto& family : families) {
    int end = visitor.family(visitor.context, TextOf(family.name), TextOf(family.help), TypeOf(family.type));
    for (size_t i = 0; end == 0 && i < family.metric.size(); ++i) end = Visit(visitor, family, family.metric[i]);
    if (end != 0) return end;
  }
  return 0;
}

// Makes prometheus-cpp's families of what it is told.
struct Model {
  std::vector<prometheus::MetricFamily> families;

  static int Family(void* context, toolvitals_text name, toolvitals_text help, toolvitals_type type) noexcept try {
    prometheus::MetricFamily family;
    family.name = StringOf(name);
    family.help = StringOf(help);
    family.type = TypeOf(type);
    static_cast<Model*>(context)->families.push_back(std::move(family));
    return 0;
  } catch (...) {
    return 1;
  }

  static int Series(void* context, const toolvitals_series* series) noexcept try {
    prometheus::MetricFamily& family = static_cast<Model*>(context)->families.back();
    prometheus::ClientMetric metric;
    for (size_t i = 0; i < series->label_count; ++i) {
      prometheus::ClientMetric::Label label;
      label.name = StringOf(series->labels[i].name);
      label.value = StringOf(series->labels[i].value);
      metric.label.push_back(std::move(label));
    }
    metric.timestamp_ms = series->timestamp_ms;
    switch (family.type) {
      case prometheus::MetricType::Counter:
        metric.counter.value = series->value;
        break;
      case prometheus::MetricType::Histogram:
        metric.histogram.sample_count = series->count;
        metric.histogram.sample_sum = series->sum;
        for (size_t i = 0; i < series->bucket_count; ++i) {
          prometheus::ClientMetric::Bucket bucket;
          bucket.cumulative_count = series->cumulative_counts[i];
          bucket.upper_bound = series->bounds[i];
          metric.histogram.bucket.push_back(bucket);
        }
        break;
      case prometheus::MetricType::Summary:
        metric.summary.sample_count = series->count;
        metric.summary.sample_sum = series->sum;
        for (size_t i = 0; i < series->quantile_count; ++i) {
          prometheus::ClientMetric::Quantile quantile;
          quantile.quantile = series->quantiles[i];
          quantile.value = series->quantile_values[i];
          metric.summary.quantile.push_back(quantile);
        }
        break;
      case prometheus::MetricType::Untyped:
        metric.untyped.value = series->value;
        break;
      default:
        metric.gauge.value = series->value;
        break;
    }
    family.metric.push_back(std::move(metric));
    return 0;
  } catch (...) {
    return 1;
  }
};

inline const toolvitals_api& Checked(const toolvitals_api& api) {
  if (api.version != TOOLVITALS_API_VERSION) {
    throw std::runtime_error("toolvitals speaks version " + std::to_string(api.version) + " of its API, not " +
                             std::to_string(TOOLVITALS_API_VERSION));
  }
  return api;
}

}  // namespace bridge

// Shows a Collectable at the endpoints of toolvitals for as long as it lives. A Collectable that throws, or that nobody
// else keeps any more, shows nothing. Thread-safe. Throws std::runtime_error for an API of another version, and
// std::bad_alloc.
class CollectableSource {
 public:
  CollectableSource(const toolvitals_api& api, std::weak_ptr<prometheus::Collectable> collectable)
      : api_(bridge::Checked(api)) {
    auto kept = std::make_unique<std::weak_ptr<prometheus::Collectable>>(std::move(collectable));
    const toolvitals_source source = {kept.release(), &Collect, &Release};
    id_ = api_.add_source(&source);
    if (id_ == 0) throw std::bad_alloc();
  }
  ~CollectableSource() { api_.remove_source(id_); }
  CollectableSource(const CollectableSource&) = delete;
  CollectableSource& operator=(const CollectableSource&) = delete;

 private:
  static int Collect(void* context, const toolvitals_visitor* visitor) noexcept try {
    const auto collectable = static_cast<std::weak_ptr<prometheus::Collectable>*>(context)->lock();
    return collectable == nullptr ? 0 : bridge::Visit(*visitor, collectable->Collect());
  } catch (...) {
    return 1;
  }
  static void Release(void* context) noexcept { delete static_cast<std::weak_ptr<prometheus::Collectable>*>(context); }

  const toolvitals_api& api_;
  std::uint64_t id_ = 0;
};

// All that toolvitals has, for an Exposer or a Gateway of prometheus-cpp. Native histograms, exemplars, units and times
// of creation have no place in its model and are left out; an info is a gauge of 1, a state set a gauge for each state.
// Thread-safe. Throws std::runtime_error for an API of another version.
class ToolvitalsCollectable : public prometheus::Collectable {
 public:
  // Without the sources, where one of them is, or leads to, whoever collects this.
  explicit ToolvitalsCollectable(const toolvitals_api& api, bool with_sources = true)
      : api_(bridge::Checked(api)), with_sources_(with_sources) {}

  // Throws std::bad_alloc.
  std::vector<prometheus::MetricFamily> Collect() const override {
    bridge::Model model;
    const toolvitals_visitor visitor = {&model, &bridge::Model::Family, &bridge::Model::Series};
    if (api_.collect(&visitor, with_sources_ ? 1 : 0) != 0) throw std::bad_alloc();
    return std::move(model.families);
  }

 private:
  const toolvitals_api& api_;
  const bool with_sources_;
};

}  // namespace toolvitals
