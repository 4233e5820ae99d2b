// Lines are put together from pieces that are built once: the start of a family's lines, the labels of each tool and
// cache, and the text of each bucket's bound. What is left to do for a line is a few copies and one number.
// Floor: render.
#include "render/text_sink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "render/escape.h"
#include "render/native_text.h"
#include "render/type_name.h"

namespace toolvitals {
namespace {

constexpr double kMillisPerSecond = 1e3;
constexpr double kMicrosPerSecond = 1e6;

void Quoted(std::string_view text, Writer& writer) {
  writer.Text("\"");
  EscapeLabelValue(text, writer);
  writer.Text("\"");
}

}  // namespace

void TextSink::AppendLabel(std::string_view name, std::string_view value, Writer& writer) const {
  writer.Text(",");
  if (IsLegacyLabelName(name) && escaping_ != Escaping::kDots) {
    writer.Text(name);
  } else {
    const std::string escaped = EscapeLabelName(name, escaping_);
    if (IsLegacyLabelName(escaped)) {
      writer.Text(escaped);
    } else {
      Quoted(escaped, writer);
    }
  }
  writer.Text("=");
  Quoted(value, writer);
}

EncodedLabels TextSink::Encode(std::span<const Label> labels) {
  const size_t begin = label_writer_.written();
  for (const Label& label : labels) AppendLabel(label.name, label.value, label_writer_);
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
  if (open_metrics_) {
    EscapeLabelValue(help, writer_);
  } else {
    EscapeHelp(help, writer_);
  }
  writer_.Text("\n");
}

void TextSink::Begin(const FamilyHead& head) {
  const std::string_view suffix = SampleSuffix(head.type);
  type_ = head.type;
  family_.assign(head.prefix).append(head.name);
  name_.assign(family_).append(suffix);
  name_ = EscapeName(name_, escaping_);
  quoted_ = !IsLegacyName(name_);

  std::string_view family = name_;
  // Every scheme leaves the suffix at the end as it is, so that samples are named as OpenMetrics wants them.
  if (open_metrics_) family.remove_suffix(suffix.size());
  Help(family, quoted_, head.help);
  MetadataLine("# TYPE ", family, quoted_, TypeName(head.type, open_metrics_));
  writer_.Text("\n");
  if (open_metrics_ && !head.unit.empty()) {
    MetadataLine("# UNIT ", family, quoted_, head.unit);
    writer_.Text("\n");
  }

  plain_ = NameWith("");
  if (IsHistogram(head.type)) bucket_ = NameWith("_bucket");
  if (IsHistogram(head.type) || head.type == FamilyType::kSummary) {
    const bool now = head.type == FamilyType::kGaugeHistogram && open_metrics_;
    sum_ = NameWith(now ? "_gsum" : "_sum");
    count_ = NameWith(now ? "_gcount" : "_count");
  }
  if (open_metrics_) {
    name_.resize(name_.size() - suffix.size());
    created_ = NameWith("_created");
  }
}

TextSink::LabelText TextSink::Text(const SeriesLabels& labels) {
  LabelText text;
  if (labels.set == nullptr) {
    text = {Text(labels.shared), Text(labels.own)};
    if (text.first.empty()) std::swap(text.first, text.second);
    if (!text.first.empty()) text.first.remove_prefix(1);
  } else if (labels.set->pairs.empty() || (!labels.set->text.empty() && escaping_ != Escaping::kDots)) {
    text.first = labels.set->text;
  } else {
    scratch_.clear();
    {
      Writer writer(scratch_);
      for (const auto& [name, value] : labels.set->pairs) AppendLabel(name, value, writer);
    }
    text.first = std::string_view(scratch_).substr(1);
  }
  return text;
}

std::string TextSink::Tail(std::string_view name, std::string_view value) const {
  std::string tail;
  {
    Writer writer(tail);
    AppendLabel(name, value, writer);
    writer.Text("} ");
  }
  return tail;
}

void TextSink::Sample(const Name& name, const SeriesLabels& labels, Number value, const Exemplar* exemplar) {
  Sample(name, Text(labels), {}, value, labels.marks, exemplar);
}

void TextSink::Sample(const Name& name, LabelText labels, std::string_view tail, Number value, const SeriesMarks* marks,
                      const Exemplar* exemplar) {
  if (!labels.first.empty()) {
    writer_.Start(name.before_labels, labels.first, labels.second, tail.empty() ? "} " : tail, value);
  } else if (!tail.empty()) {
    writer_.Start(name.before_labels, tail.substr(1), "", "", value);
  } else {
    writer_.Start(name.alone, " ", "", "", value);
  }
  EndLine(marks, exemplar);
}

void TextSink::EndLine(const SeriesMarks* marks, const Exemplar* exemplar) {
  if (marks != nullptr && marks->timestamp_ms != FamilySnapshot::kNoTimestamp) {
    writer_.Text(" ");
    if (open_metrics_) {
      writer_.ReprDouble(static_cast<double>(marks->timestamp_ms) / kMillisPerSecond);
    } else {
      writer_.Signed(marks->timestamp_ms);
    }
  }
  if (open_metrics_ && exemplar != nullptr) {
    writer_.Text(" # {");
    std::string labels;
    {
      Writer writer(labels);
      for (const auto& [name, value] : exemplar->labels) AppendLabel(name, value, writer);
    }
    if (!labels.empty()) writer_.Text(std::string_view(labels).substr(1));
    writer_.Text("} ");
    writer_.GoDouble(exemplar->value);
    if (exemplar->timestamp_us != 0) {
      writer_.Text(" ");
      writer_.ReprDouble(static_cast<double>(exemplar->timestamp_us) / kMicrosPerSecond);
    }
  }
  writer_.Text("\n");
}

void TextSink::Created(const SeriesLabels& labels) {
  if (!open_metrics_ || labels.marks == nullptr || labels.marks->created_us == 0) return;
  // The time is the sample's value; a timestamp of the series says when that was so, and stays.
  Sample(created_, labels, static_cast<double>(labels.marks->created_us) / kMicrosPerSecond);
}

void TextSink::Value(const SeriesLabels& labels, Number value) {
  if (labels.marks == nullptr) {
    const LabelText text = Text(labels);
    if (text.first.empty()) {
      writer_.Line(plain_.alone, " ", "", "", value);
    } else {
      writer_.Line(plain_.before_labels, text.first, text.second, "} ", value);
    }
    return;
  }
  const auto& exemplars = labels.marks->exemplars;
  const bool shown = type_ == FamilyType::kCounter && !exemplars.empty();
  Sample(plain_, labels, value, shown ? &exemplars.front().exemplar : nullptr);
  if (type_ == FamilyType::kCounter) Created(labels);
}

void TextSink::UseBounds(std::span<const double> bounds) {
  if (!bound_tails_.empty() && bounds.data() == bounds_.data() && bounds.size() == bounds_.size()) return;
  bounds_ = bounds;
  bound_tails_.clear();
  for (size_t i = 0; i <= bounds.size(); ++i) {
    std::array<char, kMaxDoubleChars> digits;
    const double bound = i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity();
    const char* end = WriteGoDouble(bound, digits.data());
    bound_tails_.push_back(Tail("le", {digits.data(), static_cast<size_t>(end - digits.data())}));
  }
}

void TextSink::Native(LabelText labels, const HistogramValue& value, const SeriesMarks* marks) {
  if (labels.first.empty()) {
    writer_.Text(plain_.alone);
    writer_.Text(" ");
  } else {
    writer_.Text(plain_.before_labels);
    writer_.Text(labels.first);
    writer_.Text(labels.second);
    writer_.Text("} ");
  }
  WriteNative(*value.native, value.sum, writer_);
  EndLine(marks, nullptr);
}

void TextSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  UseBounds(value.bounds);
  const LabelText text = Text(labels);
  if (shows_natives_ && value.native != nullptr) Native(text, value, labels.marks);
  head_.assign(bucket_.before_labels).append(text.first).append(text.second);
  const size_t skipped = text.first.empty() ? 1 : 0;
  auto exemplar = labels.marks == nullptr ? std::span<const FamilySnapshot::PlacedExemplar>() : labels.marks->exemplars;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < bound_tails_.size(); ++i) {
    if (i < value.buckets.size()) cumulative += value.buckets[i];
    const std::string_view tail = std::string_view(bound_tails_[i]).substr(skipped);
    if (labels.marks == nullptr) [[likely]] {
      writer_.Line(head_, tail, cumulative);
      continue;
    }
    writer_.Start(head_, tail, "", "", cumulative);
    const bool shown = !exemplar.empty() && exemplar.front().bucket == i;
    EndLine(labels.marks, shown ? &exemplar.front().exemplar : nullptr);
    if (shown) exemplar = exemplar.subspan(1);
  }
  // OpenMetrics has a sum only where it cannot fall, and a count only beside a sum.
  const bool strict = open_metrics_;
  const bool may_fall =
      type_ == FamilyType::kHistogram && (value.sum < 0 || (!value.bounds.empty() && value.bounds.front() < 0));
  const bool summed = !std::isnan(value.sum) && !(strict && may_fall);
  if (summed) Sample(sum_, text, {}, value.sum, labels.marks, nullptr);
  if (summed || !strict) Sample(count_, text, {}, cumulative, labels.marks, nullptr);
  if (type_ == FamilyType::kHistogram) Created(labels);
}

void TextSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  const LabelText text = Text(labels);
  for (const QuantileValue& quantile : value.quantiles) {
    std::array<char, kMaxDoubleChars> digits;
    const char* end = WriteGoDouble(quantile.quantile, digits.data());
    const std::string tail = Tail("quantile", {digits.data(), static_cast<size_t>(end - digits.data())});
    Sample(plain_, text, tail, quantile.value, labels.marks, nullptr);
  }
  if (!std::isnan(value.sum)) Sample(sum_, text, {}, value.sum, labels.marks, nullptr);
  Sample(count_, text, {}, value.count, labels.marks, nullptr);
  Created(labels);
}

void TextSink::StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                        std::span<const Number> values) {
  const LabelText text = Text(labels);
  for (size_t i = 0; i < std::min(states.size(), values.size()); ++i) {
    Sample(plain_, text, Tail(family_, states[i]), values[i], labels.marks, nullptr);
  }
}

void TextSink::Finish() {
  if (open_metrics_) writer_.Text("# EOF\n");
}

}  // namespace toolvitals
