// Walking a family's series, kind by kind, in the order of the text formats. Floor: render.
#include "render/family_writer.h"

#include <algorithm>

#include "model/distinct_labels.h"

namespace toolvitals {
namespace {

// How many series before its turn a label set is fetched.
constexpr size_t kAhead = 8;

}  // namespace

FamilyWriter::FamilyWriter(const FamilySnapshot& family, FamilySink& sink)
    : distinct_(!sink.shows_attributes() && MayLookAlike(family) ? std::optional(WithDistinctLabels(family))
                                                                 : std::nullopt),
      family_(distinct_.has_value() ? *distinct_ : family),
      sink_(sink),
      // What no one looks at is not put together: of ten thousand counters most scrapes show a number each.
      marked_(!family.timestamps_ms.empty() ||
              (sink.shows_marks() && !(family.created_us.empty() && family.exemplars.empty()))),
      counts_(family_.counts),
      exemplars_(family_.exemplars) {}

size_t FamilyWriter::lines_per_series() const {
  const FamilyInfo& info = *family_.info;
  switch (info.type) {
    case FamilyType::kHistogram:
    case FamilyType::kGaugeHistogram:
      return info.bounds.size() + 4;
    case FamilyType::kStateSet:
      return std::max<size_t>(info.states.size(), 1);
    case FamilyType::kSummary:
      return 8;
    default:
      return 2;
  }
}

bool FamilyWriter::WriteSome(size_t series) {
  const size_t end = next_ + std::min(series, family_.size() - next_);
  switch (family_.info->type) {
    case FamilyType::kHistogram:
    case FamilyType::kGaugeHistogram:
      Histograms(end);
      break;
    case FamilyType::kSummary:
      Summaries(end);
      break;
    case FamilyType::kStateSet:
      StateSets(end);
      break;
    case FamilyType::kInfo:
      ForEach(end, [&](size_t, const SeriesLabels& labels) { sink_.Info(labels); });
      break;
    case FamilyType::kCounter:
    case FamilyType::kGauge:
    case FamilyType::kUnknown:
      ForEach(end, [&](size_t i, const SeriesLabels& labels) { sink_.Value(labels, family_.values[i]); });
      break;
  }
  return next_ < family_.size();
}

template <typename Visit>
void FamilyWriter::ForEach(size_t end, Visit visit) {
  const LabelSets& sets = *family_.labels;
  SeriesLabels labels;
  SeriesMarks marks;
  if (marked_) labels.marks = &marks;
  for (; next_ < end; ++next_) {
    // Of many series hardly any label is in a cache. Two steps: where a set's text is stands in the set.
    if (next_ + 2 * kAhead < sets.size()) {
      __builtin_prefetch(sets[next_ + 2 * kAhead].get());
      __builtin_prefetch(sets[next_ + kAhead]->text.data());
    }
    labels.set = sets[next_].get();
    if (marked_) Mark(next_, marks);
    visit(next_, labels);
  }
}

void FamilyWriter::Mark(size_t series, SeriesMarks& marks) {
  if (!family_.created_us.empty()) marks.created_us = family_.created_us[series];
  if (!family_.timestamps_ms.empty()) marks.timestamp_ms = family_.timestamps_ms[series];
  size_t own = 0;
  while (own < exemplars_.size() && exemplars_[own].series == series) ++own;
  marks.exemplars = exemplars_.first(own);
  exemplars_ = exemplars_.subspan(own);
}

void FamilyWriter::Histograms(size_t end) {
  ForEach(end, [&](size_t i, const SeriesLabels& labels) {
    HistogramValue value;
    value.bounds = family_.bounds.empty() ? family_.info->bounds : *family_.bounds[i];
    const size_t buckets = std::min(value.bounds.size() + 1, counts_.size());
    value.buckets = counts_.first(buckets);
    counts_ = counts_.subspan(buckets);
    value.sum = family_.sums[i];
    if (!family_.natives.empty()) value.native = family_.natives[i].get();
    sink_.Histogram(labels, value);
  });
}

void FamilyWriter::Summaries(size_t end) {
  ForEach(end, [&](size_t i, const SeriesLabels& labels) {
    SummaryValue value{family_.counts[i], family_.sums[i]};
    if (!family_.quantiles.empty()) value.quantiles = family_.quantiles[i];
    sink_.Summary(labels, value);
  });
}

void FamilyWriter::StateSets(size_t end) {
  const std::vector<std::string>& states = family_.info->states;
  const std::span<const Number> values = family_.values;
  ForEach(end, [&](size_t i, const SeriesLabels& labels) {
    sink_.StateSet(labels, states, values.subspan(i * states.size(), states.size()));
  });
}

}  // namespace toolvitals
