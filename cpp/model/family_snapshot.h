// A family of series at one instant, as plain values: an instrument's, or one that another library made.
// Floor: model.
//
// Values stand in flat arrays beside the label sets, one entry (or one row) per series, so that a family of ten
// thousand counters is two arrays and not ten thousand objects. Label sets are shared with the snapshots before and
// after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/attributes.h"
#include "model/native_histogram.h"

namespace toolvitals {

enum class FamilyType { kCounter, kGauge, kHistogram, kGaugeHistogram, kSummary, kInfo, kStateSet, kUnknown };

// A number as it was counted: whole ones are exact to 2^64 where a format can tell.
struct Number {
  constexpr Number() : Number(uint64_t{0}) {}
  constexpr Number(uint64_t value) : is_whole(true), whole(value) {}  // NOLINT(google-explicit-constructor)
  constexpr Number(double value) : is_whole(false), real(value) {}    // NOLINT(google-explicit-constructor)

  constexpr double AsDouble() const { return is_whole ? static_cast<double>(whole) : real; }

  bool is_whole;
  union {
    uint64_t whole;
    double real;
  };
};

// The labels of one series, in the order they are written.
struct LabelSet {
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  LabelSet() = default;
  // Encodes the text once, for every scrape that follows. Names and values may be any bytes.
  explicit LabelSet(Pairs pairs);
  // Of a series of an open family; `reserved` is a label name that the family's type has a use of its own for.
  LabelSet(Attributes attributes, std::string_view reserved);

  Pairs pairs;
  // `a="x",b="y"` as every text format writes it; empty where there are no labels, or where a name is no identifier and
  // each format has to escape it in its own way.
  std::string text;
  // What the labels were made of, in an open family; nothing in a closed one.
  std::optional<Attributes> attributes;
  bool is_exact = true;  // no other attributes have the same labels

 private:
  void Encode();
};

// One observation that stands for others. At most 128 characters of names and values (OpenMetrics 1.0.0).
struct Exemplar {
  LabelSet::Pairs labels;
  double value = 0;
  int64_t timestamp_us = 0;  // Unix time in microseconds; zero where it is not known
};

struct QuantileValue {
  double quantile = 0;  // 0 to 1
  double value = 0;
};

// What the series of a family have in common. Immutable once it is in a snapshot.
struct FamilyInfo {
  std::string name;  // without the `_total` of a counter and the `_info` of an info
  std::string help;
  std::string unit;  // empty, or what the name ends with after an underscore
  FamilyType type = FamilyType::kUnknown;
  std::vector<double> bounds;       // of a histogram: ascending, without +Inf
  std::vector<std::string> states;  // of a state set
  bool is_open = false;             // series have attributes of their own, which their labels are made of
};

using LabelSets = std::vector<std::shared_ptr<const LabelSet>>;

struct FamilySnapshot {
  std::shared_ptr<const FamilyInfo> info;
  std::shared_ptr<const LabelSets> labels;  // one per series

  // A counter, a gauge, an unknown: one per series. A state set: one of 0 or 1 per series and state, series by series.
  // An info: empty, its facts are labels.
  std::vector<Number> values;

  // A histogram: bounds + 1 per series, not cumulative, the last that of +Inf. A summary: one per series, its count.
  std::vector<uint64_t> counts;
  // A histogram or a summary: one per series. NaN where there is none, which text formats leave out.
  std::vector<double> sums;

  // Each of the following is empty or has one entry per series.
  std::vector<std::shared_ptr<const NativeHistogram>> natives;  // nullptr for a series without one
  std::vector<std::vector<QuantileValue>> quantiles;            // of summaries
  std::vector<int64_t> created_us;                              // Unix time in microseconds; zero where not known
  std::vector<int64_t> timestamps_ms;                           // Unix time; kNoTimestamp where the scrape's time holds
  // Where bounds differ from series to series: those of each, in the place of info->bounds. `counts` then has a row of
  // as many as each series' own bounds + 1.
  std::vector<std::shared_ptr<const std::vector<double>>> bounds;

  // Sorted by series, then bucket.
  struct PlacedExemplar {
    size_t series = 0;
    size_t bucket = 0;  // of a histogram; zero for a counter
    Exemplar exemplar;
  };
  std::vector<PlacedExemplar> exemplars;

  static constexpr int64_t kNoTimestamp = INT64_MIN;

  size_t size() const { return labels == nullptr ? 0 : labels->size(); }
};

// Something beside the collector that has families to show: another library's, or what Python collected. Collect() is
// called by the thread that takes a snapshot, never with the GIL, and appends what there is. Thread-safe.
class FamilySource {
 public:
  virtual ~FamilySource() = default;
  virtual void Collect(std::vector<FamilySnapshot>& families) = 0;
  // In the child of a fork, whose one thread calls it: locks that other threads held are held for ever there.
  virtual void BeginAfreshInChild() {}
};

}  // namespace toolvitals
