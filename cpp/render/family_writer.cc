// Floor: render.
#include "render/family_writer.h"

#include <algorithm>
#include <span>

namespace toolvitals {
namespace {

class FamilyWriter {
 public:
  FamilyWriter(const FamilySnapshot& family, FamilySink& sink)
      : family_(family),
        sink_(sink),
        // What no one looks at is not put together: of ten thousand counters most scrapes show a number each.
        marked_(!family.timestamps_ms.empty() ||
                (sink.shows_marks() && !(family.created_us.empty() && family.exemplars.empty()))),
        exemplars_(family.exemplars) {}

  void Write() {
    switch (family_.info->type) {
      case FamilyType::kHistogram:
      case FamilyType::kGaugeHistogram:
        return Histograms();
      case FamilyType::kSummary:
        return Summaries();
      case FamilyType::kStateSet:
        return StateSets();
      case FamilyType::kInfo:
        return ForEach([&](size_t, const SeriesLabels& labels) { sink_.Info(labels); });
      case FamilyType::kCounter:
      case FamilyType::kGauge:
      case FamilyType::kUnknown:
        return ForEach([&](size_t i, const SeriesLabels& labels) { sink_.Value(labels, family_.values[i]); });
    }
  }

 private:
  template <typename Visit>
  void ForEach(Visit visit) {
    const LabelSets& sets = *family_.labels;
    SeriesLabels labels;
    SeriesMarks marks;
    if (marked_) labels.marks = &marks;
    for (size_t i = 0; i < sets.size(); ++i) {
      labels.set = sets[i].get();
      if (marked_) Mark(i, marks);
      visit(i, labels);
    }
  }

  void Mark(size_t series, SeriesMarks& marks) {
    if (!family_.created_us.empty()) marks.created_us = family_.created_us[series];
    if (!family_.timestamps_ms.empty()) marks.timestamp_ms = family_.timestamps_ms[series];
    size_t own = 0;
    while (own < exemplars_.size() && exemplars_[own].series == series) ++own;
    marks.exemplars = exemplars_.first(own);
    exemplars_ = exemplars_.subspan(own);
  }

  void Histograms() {
    std::span<const uint64_t> counts = family_.counts;
    ForEach([&](size_t i, const SeriesLabels& labels) {
      HistogramValue value;
      value.bounds = family_.bounds.empty() ? family_.info->bounds : *family_.bounds[i];
      const size_t buckets = std::min(value.bounds.size() + 1, counts.size());
      value.buckets = counts.first(buckets);
      counts = counts.subspan(buckets);
      value.sum = family_.sums[i];
      if (!family_.natives.empty()) value.native = family_.natives[i].get();
      sink_.Histogram(labels, value);
    });
  }

  void Summaries() {
    ForEach([&](size_t i, const SeriesLabels& labels) {
      SummaryValue value{family_.counts[i], family_.sums[i]};
      if (!family_.quantiles.empty()) value.quantiles = family_.quantiles[i];
      sink_.Summary(labels, value);
    });
  }

  void StateSets() {
    const std::vector<std::string>& states = family_.info->states;
    std::span<const Number> values = family_.values;
    ForEach([&](size_t i, const SeriesLabels& labels) {
      sink_.StateSet(labels, states, values.subspan(i * states.size(), states.size()));
    });
  }

  const FamilySnapshot& family_;
  FamilySink& sink_;
  const bool marked_;
  std::span<const FamilySnapshot::PlacedExemplar> exemplars_;
};

}  // namespace

void WriteFamily(const FamilySnapshot& family, const FamilyHead& head, FamilySink& sink) {
  sink.Begin(head);
  FamilyWriter(family, sink).Write();
  sink.End();
}

}  // namespace toolvitals
