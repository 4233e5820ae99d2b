// Prometheus's protobuf format as a sink: io.prometheus.client.MetricFamily messages, each after its length.
// Floor: render. Used by one call on one thread.
//
// The schema knows no info and no whole numbers for values: an info is a gauge of 1, and counts past 2^53 are rounded,
// but for those of histograms and summaries.
#pragma once

#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>

#include "render/family_sink.h"
#include "render/name_escaping.h"

namespace toolvitals {

class ProtobufSink final : public FamilySink {
 public:
  ProtobufSink(Escaping escaping, std::string& out) : escaping_(escaping), out_(out) {}

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
  void End() override;
  void Finish() override {}

 private:
  void AddLabel(protozero::pbf_writer& message, uint32_t field, std::string_view name, std::string_view value) const;
  void AddExemplar(protozero::pbf_writer& message, uint32_t field, const Exemplar& exemplar) const;

  // Adds a Metric with its labels to the family, and to the Metric what `write` writes.
  template <typename Write>
  void AddMetric(const SeriesLabels& labels, Write write);

  const Escaping escaping_;
  std::string& out_;
  std::string labels_;  // LabelPair fields of Metric messages, one after another
  std::string family_;  // the message of the family that has begun
  std::string unit_;
  std::string name_;  // of the family, before escaping
  FamilyType type_ = FamilyType::kUnknown;
};

}  // namespace toolvitals
