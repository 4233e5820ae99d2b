// What one line says, as plain values.
// Floor: ingest.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ingest/ingest_result.h"

namespace toolvitals {

// Names and values, ascending by name, each name once.
using IngestLabels = std::vector<std::pair<std::string, std::string>>;

// Something that a program did to an object: an upload, a download.
struct OperationRecord {
  std::string type;
  bool success = true;
  double duration_s = 0;
  std::optional<uint64_t> object_bytes;
  IngestLabels labels;

  friend bool operator==(const OperationRecord&, const OperationRecord&) = default;
};

// A value for a metric that the line names.
struct ValueRecord {
  enum class Kind { kCounter, kGauge, kObserve };

  Kind kind = Kind::kCounter;
  std::string name;
  double value = 0;
  IngestLabels labels;

  friend bool operator==(const ValueRecord&, const ValueRecord&) = default;
};

using ParsedLine = std::variant<OperationRecord, ValueRecord, IngestResult>;

// What the line says, or why it says nothing; never kAccepted. A pure function. It throws where memory is short, and
// nothing else, whatever the bytes are.
ParsedLine ParseLine(std::string_view line);

// Whether it can be the name of a metric ([a-zA-Z_:][a-zA-Z0-9_:]*) or of a label ([a-zA-Z_][a-zA-Z0-9_]*, without the
// leading "__" of Prometheus' own), of 1 to kMaxNameBytes bytes.
bool IsMetricName(std::string_view name);
bool IsLabelName(std::string_view name);

}  // namespace toolvitals
