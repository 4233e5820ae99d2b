// The fields of a line: from JSON's events to one slot for each field that the protocol knows.
// Floor: ingest.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ingest/ingest_result.h"

namespace toolvitals {

enum class Field {
  kVersion,
  kOperationId,
  kOperationType,
  kObjectKey,
  kObjectSize,
  kTimestampStart,
  kTimestampEnd,
  kDurationMs,
  kSuccess,
  kError,
  kLabels,
  kCounter,
  kGauge,
  kObserve,
  kValue,
};
inline constexpr size_t kFields = static_cast<size_t>(Field::kValue) + 1;

struct JsonFields {
  // Absent and null are the same.
  using Value = std::variant<std::monostate, bool, double, std::string>;

  const Value& operator[](Field field) const { return values[static_cast<size_t>(field)]; }
  bool Has(Field field) const { return !std::holds_alternative<std::monostate>((*this)[field]); }

  std::array<Value, kFields> values;                        // that of kLabels stays empty
  std::vector<std::pair<std::string, std::string>> labels;  // in the order of the line
};

// Reads one object. Fields that are not known are passed over. Else the reason, which is about the form alone:
// kEncoding, kJson, kNotObject, kTooDeep, kDuplicateField, kNumber, kType, kLabels.
std::variant<JsonFields, IngestResult> ReadJsonFields(std::string_view line);

}  // namespace toolvitals
