// What a format is asked to write: families and their series, as values. families.h says which there are; a sink says
// how they look in bytes.
// Floor: render. Used by one call on one thread.
//
// One virtual call per series, however many lines it becomes. Labels are encoded once, by Encode(), and then referred
// to by every series that carries them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/family_snapshot.h"

namespace toolvitals {

// The name in full is the prefix and the name, without the `_total` of a counter and the `_info` of an info.
struct FamilyHead {
  std::string_view prefix;
  std::string_view name;
  FamilyType type = FamilyType::kUnknown;
  std::string_view help;
  std::string_view unit = {};  // empty, or what the name ends with after an underscore
};

// What follows the name in the one kind of sample that a family of this type has, where it has one kind.
constexpr std::string_view SampleSuffix(FamilyType type) {
  return type == FamilyType::kCounter ? "_total" : type == FamilyType::kInfo ? "_info" : "";
}

constexpr bool IsHistogram(FamilyType type) {
  return type == FamilyType::kHistogram || type == FamilyType::kGaugeHistogram;
}

struct Label {
  std::string_view name;
  std::string_view value;
};

// Labels that a sink has encoded: a range of its own memory. The default has none.
struct EncodedLabels {
  size_t begin = 0;
  size_t end = 0;
};

// What may be known of a series beside its value. A format shows what it can.
struct SeriesMarks {
  int64_t created_us = 0;  // Unix time in microseconds; zero where not known
  int64_t timestamp_ms = FamilySnapshot::kNoTimestamp;
  std::span<const FamilySnapshot::PlacedExemplar> exemplars = {};  // sorted by bucket
};

// The labels of a series: those that it shares with others, then its own; or a label set that is encoded already.
struct SeriesLabels {
  EncodedLabels shared = {};
  EncodedLabels own = {};
  const LabelSet* set = nullptr;
  const SeriesMarks* marks = nullptr;
};

struct HistogramValue {
  std::span<const double> bounds;     // ascending, without +Inf
  std::span<const uint64_t> buckets;  // not cumulative; the last, one more than there are bounds, is that of +Inf
  double sum = 0;
  const NativeHistogram* native = nullptr;
};

struct SummaryValue {
  uint64_t count = 0;
  double sum = 0;
  std::span<const QuantileValue> quantiles = {};
};

class FamilySink {
 public:
  virtual ~FamilySink() = default;

  // Encodes labels for this sink's series. Label names and values may be any bytes.
  virtual EncodedLabels Encode(std::span<const Label> labels) = 0;

  // Whether the format shows when a series began, and exemplars.
  virtual bool shows_marks() const = 0;
  // Whether it shows the attributes of an open family's series. Where it does not, it is given no two series of the
  // same labels, but one in the place of both.
  virtual bool shows_attributes() const = 0;

  // The series between Begin() and End() are of the family's type; there is at least one.
  virtual void Begin(const FamilyHead& head) = 0;
  virtual void Value(const SeriesLabels& labels, Number value) = 0;  // of a counter, a gauge or an unknown
  virtual void Histogram(const SeriesLabels& labels, const HistogramValue& value) = 0;
  virtual void Summary(const SeriesLabels& labels, const SummaryValue& value) = 0;
  virtual void Info(const SeriesLabels& labels) = 0;
  // One number of 0 or 1 for each state; the label that tells states apart is named as the family.
  virtual void StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                        std::span<const Number> values) = 0;
  virtual void End() = 0;

  // After the last family.
  virtual void Finish() = 0;
};

}  // namespace toolvitals
