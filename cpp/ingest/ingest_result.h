// What became of a line: it was accepted, or why it was not.
// Floor: ingest.
#pragma once

#include <cstddef>
#include <string_view>

namespace toolvitals {

enum class IngestResult {
  kAccepted,
  kLineTooLong,     // more than kMaxLineBytes
  kIncompleteLine,  // the connection ended before the line feed
  kNoMemory,        // for the line, or for a family or a series of it
  kEncoding,        // not UTF-8
  kJson,            // not JSON
  kNotObject,       // JSON, but not an object
  kTooDeep,         // nested deeper than kMaxJsonDepth
  kDuplicateField,  // a field or a label is there twice
  kVersion,         // of a protocol that is not spoken here
  kKind,            // neither an operation nor a value, or several of them
  kMissingField,
  kType,       // a field of another JSON type than it has
  kNumber,     // out of range
  kName,       // of a metric or an operation type
  kLabels,     // too many, or a bad name or value
  kTimestamp,  // not RFC 3339, or an end before its start
  kConflict,   // the metric is there with another type or with other labels, or its name is taken
  kFamilies,   // more names of metrics than kMaxIngestFamilies
};
inline constexpr size_t kIngestResults = static_cast<size_t>(IngestResult::kFamilies) + 1;

// As it stands in the label `result` ("line_too_long").
std::string_view IngestResultName(IngestResult result);

}  // namespace toolvitals
