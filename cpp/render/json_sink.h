// Families as JSON: an object of them by name.
// Floor: render.
#pragma once

#include <string>
#include <string_view>

#include "render/family_sink.h"
#include "render/writer.h"

namespace toolvitals {

class JsonSink final : public FamilySink {
 public:
  explicit JsonSink(Writer& writer) : writer_(writer) {}

  EncodedLabels Encode(std::span<const Label> labels) override;
  bool shows_marks() const override { return true; }
  bool shows_attributes() const override { return true; }
  void Begin(const FamilyHead& head) override;
  void Value(const SeriesLabels& labels, Number value) override;
  void Histogram(const SeriesLabels& labels, const HistogramValue& value) override;
  void Summary(const SeriesLabels& labels, const SummaryValue& value) override;
  void Info(const SeriesLabels& labels) override;
  void StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                std::span<const Number> values) override;
  void End() override;
  void Finish() override;

 private:
  void BeginSeries(const SeriesLabels& labels);
  void WriteAttributes(const Attributes& attributes);
  void EndSeries(const SeriesLabels& labels);
  void Native(const NativeHistogram& native);
  void NativeBuckets(std::string_view key, const toolvitals::NativeBuckets& buckets, int32_t infinite_index);
  void Exemplars(const SeriesMarks& marks);

  Writer& writer_;
  std::string encoded_;  // labels that Encode() was given, each `"name":"value",`
  bool any_family_ = false;
  bool any_series_ = false;  // of the family that is being written
};

}  // namespace toolvitals
