// Reading one line's fields into a record, or saying what is wrong with them. Floor: ingest.
#include "ingest/ingest_record.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

#include "ingest/ingest_limits.h"
#include "ingest/json_fields.h"
#include "ingest/rfc3339.h"

namespace toolvitals {
namespace {

using enum IngestResult;

constexpr double kMillisPerSecond = 1000;

constexpr bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9'); }

bool IsPlainText(std::string_view text, size_t max_bytes) {
  return text.size() <= max_bytes && text.find('\0') == std::string_view::npos;
}

// The field where it is there and of that type. kAccepted, also where it is absent and may be.
template <typename T>
IngestResult Get(const JsonFields& fields, Field field, std::optional<T>& value) {
  if (!fields.Has(field)) return kAccepted;
  const T* const found = std::get_if<T>(&fields[field]);
  if (found == nullptr) return kType;
  value = *found;
  return kAccepted;
}

IngestResult GetAmount(const JsonFields& fields, Field field, double lowest, double highest,
                       std::optional<double>& value) {
  const IngestResult got = Get(fields, field, value);
  if (got != kAccepted || !value.has_value()) return got;
  if (!(*value >= lowest && *value <= highest)) return kNumber;
  *value += 0.0;  // a negative zero becomes a positive one
  return kAccepted;
}

IngestResult GetLabels(JsonFields& fields, IngestLabels& labels) {
  labels = std::move(fields.labels);
  std::sort(labels.begin(), labels.end());
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto& [name, value] = labels[i];
    if (i > 0 && labels[i - 1].first == name) return kDuplicateField;
    if (!IsLabelName(name) || !IsPlainText(value, kMaxIngestLabelValueBytes)) return kLabels;
  }
  return kAccepted;
}

// Milliseconds that the operation took: as it says, else from its start to its end.
IngestResult GetDuration(const JsonFields& fields, std::optional<double>& duration_ms) {
  if (const IngestResult got = GetAmount(fields, Field::kDurationMs, 0, kMaxAmount, duration_ms); got != kAccepted) {
    return got;
  }
  std::optional<absl::Time> start, end;
  for (auto [field, time] : {std::pair(Field::kTimestampStart, &start), std::pair(Field::kTimestampEnd, &end)}) {
    std::optional<std::string> text;
    if (const IngestResult got = Get(fields, field, text); got != kAccepted) return got;
    if (!text.has_value()) continue;
    *time = ParseRfc3339(*text);
    if (!time->has_value()) return kTimestamp;
  }
  if (duration_ms.has_value()) return kAccepted;
  if (!start.has_value() || !end.has_value()) return kMissingField;
  if (*end < *start) return kTimestamp;
  duration_ms = absl::ToDoubleMilliseconds(*end - *start);
  return kAccepted;
}

ParsedLine ToOperation(JsonFields& fields) {
  OperationRecord record;
  std::optional<std::string> type, ignored;
  std::optional<bool> success;
  std::optional<double> duration_ms, object_size;
  for (const IngestResult got :
       {Get(fields, Field::kOperationType, type), Get(fields, Field::kOperationId, ignored),
        Get(fields, Field::kObjectKey, ignored), Get(fields, Field::kError, ignored),
        Get(fields, Field::kSuccess, success), GetAmount(fields, Field::kObjectSize, 0, kMaxObjectBytes, object_size),
        GetDuration(fields, duration_ms), GetLabels(fields, record.labels)}) {
    if (got != kAccepted) return got;
  }
  if (!success.has_value()) return kMissingField;
  if (type->empty() || !IsPlainText(*type, kMaxNameBytes)) return kName;
  if (object_size.has_value()) {
    if (*object_size != std::floor(*object_size)) return kNumber;
    record.object_bytes = static_cast<uint64_t>(*object_size);
  }
  record.type = *std::move(type);
  record.success = *success;
  record.duration_s = *duration_ms / kMillisPerSecond;
  return record;
}

ParsedLine ToValue(JsonFields& fields, Field kind) {
  ValueRecord record;
  double lowest = -kMaxAmount, highest = kMaxAmount;
  switch (kind) {
    case Field::kCounter:
      record.kind = ValueRecord::Kind::kCounter;
      lowest = 0;
      break;
    case Field::kGauge:
      record.kind = ValueRecord::Kind::kGauge;
      lowest = std::numeric_limits<double>::lowest();
      highest = std::numeric_limits<double>::max();
      break;
    default:
      record.kind = ValueRecord::Kind::kObserve;
  }
  std::optional<std::string> name;
  std::optional<double> value;
  for (const IngestResult got : {Get(fields, kind, name), GetAmount(fields, Field::kValue, lowest, highest, value),
                                 GetLabels(fields, record.labels)}) {
    if (got != kAccepted) return got;
  }
  if (!value.has_value()) return kMissingField;
  if (!IsMetricName(*name)) return kName;
  record.name = *std::move(name);
  record.value = *value;
  return record;
}

}  // namespace

bool IsMetricName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && (IsNameStart(name[0]) || name[0] == ':') &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsNamePart(c) || c == ':'; });
}

bool IsLabelName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && IsNameStart(name[0]) && !name.starts_with("__") &&
         std::all_of(name.begin(), name.end(), &IsNamePart);
}

ParsedLine ParseLine(std::string_view line) {
  std::variant<JsonFields, IngestResult> read = ReadJsonFields(line);
  if (const IngestResult* reason = std::get_if<IngestResult>(&read)) return *reason;
  JsonFields& fields = std::get<JsonFields>(read);
  std::optional<double> version;
  if (const IngestResult got = Get(fields, Field::kVersion, version); got != kAccepted) return got;
  if (version.value_or(kIngestVersion) != kIngestVersion) return kVersion;

  std::optional<Field> kind;
  for (const Field field : {Field::kOperationType, Field::kCounter, Field::kGauge, Field::kObserve}) {
    if (!fields.Has(field)) continue;
    if (kind.has_value()) return kKind;
    kind = field;
  }
  if (!kind.has_value()) return kKind;
  return *kind == Field::kOperationType ? ToOperation(fields) : ToValue(fields, *kind);
}

}  // namespace toolvitals
