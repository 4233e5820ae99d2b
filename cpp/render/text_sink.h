// The text formats as one sink, since they differ in little: Prometheus text 0.0.4 and 1.0.0, OpenMetrics 1.0.0, and
// the draft of 2.0.0, which adds native histograms.
// Floor: render. Used by one call on one thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/family_sink.h"
#include "render/name_escaping.h"
#include "render/writer.h"

namespace toolvitals {

enum class TextDialect { kPrometheus, kOpenMetrics, kOpenMetrics2 };

class TextSink final : public FamilySink {
 public:
  TextSink(TextDialect dialect, Escaping escaping, Writer& writer)
      : open_metrics_(dialect != TextDialect::kPrometheus),
        shows_natives_(dialect == TextDialect::kOpenMetrics2),
        escaping_(escaping),
        writer_(writer),
        label_writer_(labels_) {}

  EncodedLabels Encode(std::span<const Label> labels) override;
  bool shows_marks() const override { return open_metrics_; }
  bool shows_attributes() const override { return false; }
  void Begin(const FamilyHead& head) override;
  void Value(const SeriesLabels& labels, Number value) override;
  void Histogram(const SeriesLabels& labels, const HistogramValue& value) override;
  void Summary(const SeriesLabels& labels, const SummaryValue& value) override;
  void Info(const SeriesLabels& labels) override { Value(labels, uint64_t{1}); }
  void StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                std::span<const Number> values) override;
  void End() override {}
  void Finish() override;

 private:
  // How the lines of one kind of sample start: before labels, and where there are none.
  struct Name {
    std::string before_labels;  // `name{`, or `{"name",` for a name that has to be quoted
    std::string alone;          // `name`, or `{"name"}`
  };

  Name NameWith(std::string_view suffix) const;
  void MetadataLine(std::string_view keyword, std::string_view family, bool quoted, std::string_view text);
  void Help(std::string_view family, bool quoted, std::string_view help);
  // The text of a series' labels, in two parts and without a comma in front; it holds until this is called again.
  struct LabelText {
    std::string_view first = "", second = "";
  };
  LabelText Text(const SeriesLabels& labels);
  std::string_view Text(const EncodedLabels& labels) const {
    return {labels_.data() + labels.begin, labels.end - labels.begin};
  }
  // `,name="value"`
  void AppendLabel(std::string_view name, std::string_view value, Writer& writer) const;
  // `,name="value"} `, what a line ends with before its value where it has one more label.
  std::string Tail(std::string_view name, std::string_view value) const;

  void Sample(const Name& name, const SeriesLabels& labels, Number value, const Exemplar* exemplar = nullptr);
  void Sample(const Name& name, LabelText labels, std::string_view tail, Number value, const SeriesMarks* marks,
              const Exemplar* exemplar);
  // What stands behind a value, and the end of the line.
  void EndLine(const SeriesMarks* marks, const Exemplar* exemplar);
  void Created(const SeriesLabels& labels);
  void Native(LabelText labels, const HistogramValue& value, const SeriesMarks* marks);
  void UseBounds(std::span<const double> bounds);

  const bool open_metrics_;
  const bool shows_natives_;
  const Escaping escaping_;
  Writer& writer_;

  // Of the family that has begun.
  FamilyType type_ = FamilyType::kUnknown;
  std::string family_;  // its name before escaping, without a suffix
  std::string name_;
  bool quoted_ = false;
  Name plain_, bucket_, sum_, count_, created_;

  // `,label="value"` for each label, one after another.
  std::string labels_;
  Writer label_writer_;
  // `,le="bound"} ` for each of the bounds that were written last, then that of +Inf.
  std::span<const double> bounds_;
  std::vector<std::string> bound_tails_;
  std::string head_;
  std::string scratch_;  // labels of a set that this escaping has to write anew
};

}  // namespace toolvitals
