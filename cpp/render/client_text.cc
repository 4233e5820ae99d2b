// Writing families as prometheus_client orders, spells and ends them. Floor: render.
#include "render/client_text.h"

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "render/escape.h"
#include "render/name_escaping.h"
#include "render/native_text.h"
#include "render/type_name.h"

namespace toolvitals {
namespace {

constexpr double kMicrosPerSecond = 1e6;
// Whole numbers that no double holds are written in full.
constexpr uint64_t kFirstInexact = uint64_t{1} << 53;

Number AsReal(Number number) {
  return number.is_whole && number.whole < kFirstInexact ? Number(number.AsDouble()) : number;
}

std::string GoText(double value) {
  std::array<char, kMaxDoubleChars> digits;
  const char* end = WriteGoDouble(value, digits.data());
  return {digits.data(), static_cast<size_t>(end - digits.data())};
}

// The label that the type itself adds to its samples, or none.
std::string_view OwnLabel(const FamilyInfo& info) {
  if (info.type == FamilyType::kHistogram) return "le";
  if (info.type == FamilyType::kSummary) return "quantile";
  return info.type == FamilyType::kStateSet ? std::string_view(info.name) : std::string_view();
}

// The lines of one family.
class FamilyLines {
 public:
  FamilyLines(const FamilySnapshot& family, const ClientTextOptions& options, Writer& writer)
      : family_(family), info_(*family.info), options_(options), writer_(writer) {}

  template <typename Ordered>
  void Write(const std::vector<Ordered>& labels) {
    const std::string shown = info_.name + (options_.open_metrics ? "" : std::string(SampleSuffix(info_.type)));
    Head(shown, TypeName(info_.type, options_.open_metrics), info_.unit);
    for (size_t i = 0; i < labels.size(); ++i) {
      Series(i, labels[i].before, labels[i].after);
      if (options_.open_metrics) Created(i, labels[i].before, labels[i].after);
    }
    if (options_.open_metrics || labels.empty() || !HasCreated()) return;
    Head(info_.name + "_created", "gauge", {});
    for (size_t i = 0; i < labels.size(); ++i) Created(i, labels[i].before, labels[i].after);
  }

 private:
  void Head(const std::string& name, std::string_view type, std::string_view unit) {
    writer_.Text("# HELP ");
    writer_.Text(name);
    writer_.Text(" ");
    if (options_.open_metrics) {
      EscapeLabelValue(info_.help, writer_);
    } else {
      EscapeHelp(info_.help, writer_);
    }
    writer_.Text("\n# TYPE ");
    writer_.Text(name);
    writer_.Text(" ");
    writer_.Text(type);
    if (options_.open_metrics && !unit.empty()) {
      writer_.Text("\n# UNIT ");
      writer_.Text(name);
      writer_.Text(" ");
      writer_.Text(unit);
    }
    writer_.Text("\n");
  }

  void Series(size_t i, std::string_view before, std::string_view after) {
    switch (info_.type) {
      case FamilyType::kHistogram:
        return Histogram(i, before, after);
      case FamilyType::kSummary:
        return Summary(i, before, after);
      case FamilyType::kStateSet:
        return StateSet(i, before, after);
      case FamilyType::kInfo:
        return Line("_info", before, "", after, 1.0);
      default:
        return Line(SampleSuffix(info_.type), before, "", after, AsReal(family_.values[i]));
    }
  }

  void Histogram(size_t i, std::string_view before, std::string_view after) {
    if (options_.natives && !family_.natives.empty() && family_.natives[i] != nullptr) Native(i, before, after);
    const size_t buckets = info_.bounds.size() + 1;
    uint64_t count = 0;
    for (size_t bucket = 0; bucket < buckets; ++bucket) {
      count += family_.counts[i * buckets + bucket];
      Line("_bucket", before, Bound(bucket), after, AsReal(count));
    }
    Line("_count", before, "", after, AsReal(count));
    if (info_.bounds.front() >= 0) Line("_sum", before, "", after, family_.sums[i]);
  }

  void Native(size_t i, std::string_view before, std::string_view after) {
    writer_.Text(info_.name);
    if (!before.empty() || !after.empty()) {
      if (before.empty() || !after.empty()) {
        after.remove_prefix(1);
      } else {
        before.remove_suffix(1);
      }
      writer_.Text("{");
      writer_.Text(before);
      writer_.Text(after);
      writer_.Text("}");
    }
    writer_.Text(" ");
    WriteNative(*family_.natives[i], family_.sums[i], writer_);
    writer_.Text("\n");
  }

  void Summary(size_t i, std::string_view before, std::string_view after) {
    if (!family_.quantiles.empty()) {
      for (const QuantileValue& quantile : family_.quantiles[i]) {
        Line("", before, "quantile=\"" + GoText(quantile.quantile) + "\"", after, quantile.value);
      }
    }
    Line("_count", before, "", after, AsReal(family_.counts[i]));
    Line("_sum", before, "", after, family_.sums[i]);
  }

  void StateSet(size_t i, std::string_view before, std::string_view after) {
    for (size_t state = 0; state < info_.states.size(); ++state) {
      std::string label = info_.name + "=\"";
      {
        Writer writer(label);
        EscapeLabelValue(info_.states[state], writer);
        writer.Text("\"");
      }
      Line("", before, label, after, AsReal(family_.values[i * info_.states.size() + state]));
    }
  }

  bool HasCreated() const { return options_.created && !family_.created_us.empty(); }

  void Created(size_t i, std::string_view before, std::string_view after) {
    if (!HasCreated()) return;
    Line("_created", before, "", after, static_cast<double>(family_.created_us[i]) / kMicrosPerSecond);
  }

  // `le="0.5"`, made once for each bound.
  std::string_view Bound(size_t bucket) {
    if (bounds_.empty()) {
      for (const double bound : info_.bounds) bounds_.push_back("le=\"" + GoText(bound) + "\"");
      bounds_.emplace_back("le=\"+Inf\"");
    }
    return bounds_[bucket];
  }

  // `before` ends and `after` begins with a comma where they are not empty.
  void Line(std::string_view suffix, std::string_view before, std::string_view own, std::string_view after,
            Number value) {
    writer_.Text(info_.name);
    writer_.Text(suffix);
    if (own.empty()) {
      if (before.empty()) {
        if (!after.empty()) after.remove_prefix(1);
      } else if (after.empty()) {
        before.remove_suffix(1);
      } else {
        after.remove_prefix(1);
      }
    }
    if (before.empty() && own.empty() && after.empty()) {
      writer_.Line(" ", "", "", "", value);
    } else {
      writer_.Text("{");
      writer_.Text(before);
      writer_.Line(own, after, "} ", "", value);
    }
  }

  const FamilySnapshot& family_;
  const FamilyInfo& info_;
  const ClientTextOptions& options_;
  Writer& writer_;
  std::vector<std::string> bounds_;
};

}  // namespace

bool ClientText::Order(const FamilySnapshot& family) {
  if (labels_ == family.labels) return true;
  const std::string_view own = OwnLabel(*family.info);
  std::vector<OrderedLabels> ordered;
  ordered.reserve(family.size());
  // What is kept is as long as its text, and what is written to is used again.
  std::string before, after;
  for (const std::shared_ptr<const LabelSet>& set : *family.labels) {
    if (set->text.empty() != set->pairs.empty()) return false;
    LabelSet::Pairs pairs = set->pairs;
    std::sort(pairs.begin(), pairs.end());
    before.clear();
    after.clear();
    for (const auto& [name, value] : pairs) {
      const bool first = own.empty() || name < own;
      std::string& text = first ? before : after;
      if (!first) text += ',';
      text += name;
      text += "=\"";
      {
        Writer writer(text);
        EscapeLabelValue(value, writer);
      }
      text += first ? "\"," : "\"";
    }
    ordered.push_back({before, after});
  }
  ordered_ = std::move(ordered);
  labels_ = family.labels;
  return true;
}

bool ClientText::Write(const FamilySnapshot& family, const ClientTextOptions& options, std::string& out) {
  if (!family.exemplars.empty() || !IsLegacyName(family.info->name) || !Order(family)) return false;
  Writer writer(out);
  FamilyLines(family, options, writer).Write(ordered_);
  return true;
}

}  // namespace toolvitals
