// Calling a library's visit function, and keeping what it tells as values. Floor: bridge.
#include "bridge/visited_source.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace toolvitals {
namespace {

constexpr std::string_view kTotal = "_total";

std::string StringOf(toolvitals_text text) { return text.data == nullptr ? "" : std::string(text.data, text.size); }

FamilyType TypeOf(toolvitals_type type) {
  switch (type) {
    case TOOLVITALS_COUNTER:
      return FamilyType::kCounter;
    case TOOLVITALS_GAUGE:
      return FamilyType::kGauge;
    case TOOLVITALS_SUMMARY:
      return FamilyType::kSummary;
    case TOOLVITALS_HISTOGRAM:
      return FamilyType::kHistogram;
    case TOOLVITALS_UNTYPED:
      break;
  }
  return FamilyType::kUnknown;
}

// Collects what a visitor is told.
class Visit {
 public:
  explicit Visit(std::vector<FamilySnapshot>& families) : families_(families) {}

  toolvitals_visitor visitor() { return {this, &OnFamily, &OnSeries}; }

  // The last family is complete.
  void End() {
    if (info_ == nullptr) return;
    if (has_timestamps_) family_.timestamps_ms = std::move(timestamps_ms_);
    if (has_own_bounds_) family_.bounds = std::move(bounds_);
    family_.info = std::move(info_);
    family_.labels = std::move(labels_);
    if (family_.size() != 0 && !family_.info->name.empty()) families_.push_back(std::move(family_));
    family_ = FamilySnapshot();
  }

 private:
  // C stands between: nothing may be thrown through it.
  static int OnFamily(void* context, toolvitals_text name, toolvitals_text help, toolvitals_type type) noexcept try {
    static_cast<Visit*>(context)->Begin(StringOf(name), StringOf(help), TypeOf(type));
    return 0;
  } catch (...) {
    return 1;
  }
  static int OnSeries(void* context, const toolvitals_series* series) noexcept try {
    return static_cast<Visit*>(context)->Add(*series) ? 0 : 1;
  } catch (...) {
    return 1;
  }

  void Begin(std::string name, std::string help, FamilyType type) {
    End();
    if (type == FamilyType::kCounter && !name.ends_with(kTotal)) type = FamilyType::kUnknown;
    if (type == FamilyType::kCounter) name.resize(name.size() - kTotal.size());
    info_ = std::make_shared<FamilyInfo>();
    info_->name = std::move(name);
    info_->help = std::move(help);
    info_->type = type;
    labels_ = std::make_shared<LabelSets>();
    timestamps_ms_.clear();
    bounds_.clear();
    has_timestamps_ = has_own_bounds_ = false;
  }

  // False where no family has begun.
  bool Add(const toolvitals_series& series) {
    if (info_ == nullptr) return false;
    LabelSet::Pairs pairs;
    for (const toolvitals_label& label : std::span(series.labels, series.label_count)) {
      pairs.emplace_back(StringOf(label.name), StringOf(label.value));
    }
    switch (info_->type) {
      case FamilyType::kHistogram:
        AddHistogram(series);
        break;
      case FamilyType::kSummary:
        AddSummary(series);
        break;
      default:
        family_.values.emplace_back(series.value);
        break;
    }
    labels_->push_back(std::make_shared<const LabelSet>(std::move(pairs)));
    has_timestamps_ = has_timestamps_ || series.timestamp_ms != 0;
    timestamps_ms_.push_back(series.timestamp_ms != 0 ? series.timestamp_ms : FamilySnapshot::kNoTimestamp);
    return true;
  }

  void AddHistogram(const toolvitals_series& series) {
    std::vector<double> bounds(series.bounds, series.bounds + series.bucket_count);
    if (!bounds.empty() && std::isinf(bounds.back())) bounds.pop_back();
    uint64_t before = 0;
    for (size_t i = 0; i < bounds.size(); ++i) {
      const uint64_t cumulative = std::max(series.cumulative_counts[i], before);
      family_.counts.push_back(cumulative - before);
      before = cumulative;
    }
    family_.counts.push_back(std::max(series.count, before) - before);
    family_.sums.push_back(series.sum);
    if (labels_->empty()) info_->bounds = bounds;
    has_own_bounds_ = has_own_bounds_ || bounds != info_->bounds;
    bounds_.push_back(std::make_shared<const std::vector<double>>(std::move(bounds)));
  }

  void AddSummary(const toolvitals_series& series) {
    std::vector<QuantileValue> quantiles;
    for (size_t i = 0; i < series.quantile_count; ++i) {
      quantiles.push_back({series.quantiles[i], series.quantile_values[i]});
    }
    family_.counts.push_back(series.count);
    family_.sums.push_back(series.sum);
    family_.quantiles.push_back(std::move(quantiles));
  }

  std::vector<FamilySnapshot>& families_;
  FamilySnapshot family_;
  std::shared_ptr<FamilyInfo> info_;  // nullptr before the first family
  std::shared_ptr<LabelSets> labels_;
  std::vector<int64_t> timestamps_ms_;
  std::vector<std::shared_ptr<const std::vector<double>>> bounds_;
  bool has_timestamps_ = false;
  bool has_own_bounds_ = false;
};

}  // namespace

VisitedSource::~VisitedSource() {
  if (source_.release != nullptr) source_.release(source_.context);
}

void VisitedSource::Collect(std::vector<FamilySnapshot>& families) {
  std::vector<FamilySnapshot> visited;
  Visit visit(visited);
  const toolvitals_visitor visitor = visit.visitor();
  if (source_.collect(source_.context, &visitor) != 0) throw std::runtime_error("a native source failed");
  visit.End();
  std::move(visited.begin(), visited.end(), std::back_inserter(families));
}

}  // namespace toolvitals
