// Lines are put together from pieces that are built once: the start of a family's lines, the labels of each tool and
// cache, and the text of each bucket's bound. What is left to do for a line is a few copies and one number.
// Floor: render.
#include "render/text_sink.h"

#include <algorithm>
#include <array>
#include <limits>

#include "render/escape.h"

namespace toolvitals {
namespace {

std::string_view TypeName(FamilyType type, TextDialect dialect) {
  const bool open_metrics = dialect == TextDialect::kOpenMetrics;
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
    case FamilyType::kSummary:
      return "summary";
    case FamilyType::kInfo:
      return open_metrics ? "info" : "gauge";
    case FamilyType::kUnknown:
      break;
  }
  return open_metrics ? "unknown" : "untyped";
}

void Quoted(std::string_view text, Writer& writer) {
  writer.Text("\"");
  EscapeLabelValue(text, writer);
  writer.Text("\"");
}

}  // namespace

EncodedLabels TextSink::Encode(std::span<const Label> labels) {
  const size_t begin = label_writer_.written();
  for (const Label& label : labels) {
    label_writer_.Text(",");
    if (IsLegacyName(label.name) && escaping_ != Escaping::kDots) {
      label_writer_.Text(label.name);
    } else {
      const std::string name = EscapeName(label.name, escaping_);
      if (IsLegacyName(name)) {
        label_writer_.Text(name);
      } else {
        Quoted(name, label_writer_);
      }
    }
    label_writer_.Text("=");
    Quoted(label.value, label_writer_);
  }
  return {begin, label_writer_.written()};
}

TextSink::Name TextSink::NameWith(std::string_view suffix) const {
  if (!quoted_) return {name_ + std::string(suffix) + "{", name_ + std::string(suffix)};
  std::string quoted = "{";
  {
    Writer writer(quoted);
    Quoted(name_ + std::string(suffix), writer);
  }
  return {quoted + ",", quoted + "}"};
}

void TextSink::MetadataLine(std::string_view keyword, std::string_view family, bool quoted, std::string_view text) {
  writer_.Text(keyword);
  if (quoted) {
    Quoted(family, writer_);
  } else {
    writer_.Text(family);
  }
  writer_.Text(" ");
  writer_.Text(text);
}

void TextSink::Help(std::string_view family, bool quoted, std::string_view help) {
  MetadataLine("# HELP ", family, quoted, "");
  if (dialect_ == TextDialect::kOpenMetrics) {
    EscapeLabelValue(help, writer_);
  } else {
    EscapeHelp(help, writer_);
  }
  writer_.Text("\n");
}

void TextSink::Begin(const FamilyHead& head) {
  const std::string_view suffix = SampleSuffix(head.type);
  name_.assign(head.prefix).append(head.name).append(suffix);
  name_ = EscapeName(name_, escaping_);
  quoted_ = !IsLegacyName(name_);

  std::string_view family = name_;
  // Every scheme leaves the suffix at the end as it is, so that samples are named as OpenMetrics wants them.
  if (dialect_ == TextDialect::kOpenMetrics) family.remove_suffix(suffix.size());
  Help(family, quoted_, head.help);
  MetadataLine("# TYPE ", family, quoted_, TypeName(head.type, dialect_));
  writer_.Text("\n");
  if (dialect_ == TextDialect::kOpenMetrics && !head.unit.empty()) {
    MetadataLine("# UNIT ", family, quoted_, head.unit);
    writer_.Text("\n");
  }

  plain_ = NameWith("");
  if (head.type == FamilyType::kHistogram) bucket_ = NameWith("_bucket");
  if (head.type == FamilyType::kHistogram || head.type == FamilyType::kSummary) {
    sum_ = NameWith("_sum");
    count_ = NameWith("_count");
  }
}

void TextSink::Sample(const Name& name, const SeriesLabels& labels, Number value) {
  std::string_view first = Text(labels.shared);
  std::string_view second = Text(labels.own);
  if (first.empty()) std::swap(first, second);
  if (first.empty()) {
    writer_.Line(name.alone, " ", "", "", value);
  } else {
    writer_.Line(name.before_labels, first.substr(1), second, "} ", value);
  }
}

void TextSink::Value(const SeriesLabels& labels, Number value) { Sample(plain_, labels, value); }

void TextSink::UseBounds(std::span<const double> bounds) {
  if (!bound_tails_.empty() && bounds.data() == bounds_.data() && bounds.size() == bounds_.size()) return;
  bounds_ = bounds;
  bound_tails_.clear();
  for (size_t i = 0; i <= bounds.size(); ++i) {
    std::array<char, kMaxDoubleChars> digits;
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    const char* end = WriteGoDouble(bound, digits.data());
    bound_tails_.push_back(",le=\"" + std::string(digits.data(), static_cast<size_t>(end - digits.data())) + "\"} ");
  }
}

void TextSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  UseBounds(value.bounds);
  head_.assign(bucket_.before_labels).append(Text(labels.shared)).append(Text(labels.own));
  const bool labelled = head_.size() > bucket_.before_labels.size();
  if (labelled) head_.erase(bucket_.before_labels.size(), 1);
  uint64_t cumulative = 0;
  for (size_t i = 0; i < bound_tails_.size(); ++i) {
    if (i < value.buckets.size()) cumulative += value.buckets[i];
    writer_.Line(head_, std::string_view(bound_tails_[i]).substr(labelled ? 0 : 1), cumulative);
  }
  Sample(sum_, labels, value.sum);
  Sample(count_, labels, cumulative);
}

void TextSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  Sample(sum_, labels, value.sum);
  Sample(count_, labels, value.count);
}

void TextSink::Finish() {
  if (dialect_ == TextDialect::kOpenMetrics) writer_.Text("# EOF\n");
}

}  // namespace toolvitals
