// Families told to native code outside: a sink like the formats, but of values.
// Floor: bridge. Used by one call on one thread.
#pragma once

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "render/family_sink.h"
#include "toolvitals/api.h"

namespace toolvitals {

// Names are those of the text format 0.0.4, unescaped. What its model has no place for is left out: native histograms,
// exemplars, units, times of creation. An info is a gauge of 1, a state set a gauge for each state.
class VisitorSink final : public FamilySink {
 public:
  explicit VisitorSink(const toolvitals_visitor& visitor) : visitor_(visitor) {}

  // What the visitor returned to end the visit, or zero.
  int result() const { return result_; }

  EncodedLabels Encode(std::span<const Label> labels) override;
  bool shows_marks() const override { return true; }
  bool shows_attributes() const override { return false; }
  void Begin(const FamilyHead& head) override;
  void Value(const SeriesLabels& labels, Number value) override;
  void Histogram(const SeriesLabels& labels, const HistogramValue& value) override;
  void Summary(const SeriesLabels& labels, const SummaryValue& value) override;
  void Info(const SeriesLabels& labels) override { Value(labels, uint64_t{1}); }
  void StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                std::span<const Number> values) override;
  void End() override {}
  void Finish() override {}

 private:
  // A series with its labels, which stand in labels_.
  toolvitals_series Series(const SeriesLabels& labels);
  void Tell(toolvitals_series& series);

  const toolvitals_visitor& visitor_;
  int result_ = 0;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> encoded_;
  std::vector<toolvitals_label> labels_;
  std::vector<uint64_t> counts_;
  std::vector<double> bounds_, values_;
};

}  // namespace toolvitals
