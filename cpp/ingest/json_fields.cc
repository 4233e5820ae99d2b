// Taking nlohmann's parse events apart, without a document in memory. Floor: ingest.
#include "ingest/json_fields.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "ingest/ingest_limits.h"

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, kFields> kFieldNames = {
    "version",         "operation_id",  "operation_type", "object_key", "object_size",
    "timestamp_start", "timestamp_end", "duration_ms",    "success",    "error",
    "labels",          "counter",       "gauge",          "observe",    "value"};

// The parser's number for a literal that no finite double is near to.
constexpr int kNumberOutOfRange = 406;

std::optional<Field> FindField(std::string_view name) {
  for (size_t i = 0; i < kFields; ++i) {
    if (kFieldNames[i] == name) return static_cast<Field>(i);
  }
  return std::nullopt;
}

// Takes the parser's events; no tree is built, so a line costs what its known fields hold, however it is nested.
// Whatever returns false ends the parsing.
class FieldReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Scalar(std::monostate()); }
  bool boolean(bool value) override { return Scalar(value); }
  bool number_integer(int64_t value) override { return Scalar(static_cast<double>(value)); }
  bool number_unsigned(uint64_t value) override { return Scalar(static_cast<double>(value)); }
  bool number_float(double value, const std::string&) override { return Scalar(value); }
  bool string(std::string& value) override { return Scalar(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return Fail(IngestResult::kJson); }

  bool start_object(size_t) override { return Open(/*is_object=*/true); }
  bool start_array(size_t) override { return Open(/*is_object=*/false); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }

  bool key(std::string& name) override {
    if (depth_ == 1) {
      field_ = FindField(name);
      if (!field_.has_value()) return true;
      bool& seen = seen_[static_cast<size_t>(*field_)];
      if (seen) return Fail(IngestResult::kDuplicateField);
      seen = true;
    } else if (InLabels()) {
      label_ = std::move(name);
    }
    return true;
  }

  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception& error) override {
    return Fail(error.id == kNumberOutOfRange ? IngestResult::kNumber : IngestResult::kJson);
  }

  IngestResult reason() const { return reason_; }
  JsonFields TakeFields() { return std::move(fields_); }

 private:
  bool InLabels() const { return depth_ == 2 && field_ == Field::kLabels; }

  bool Fail(IngestResult reason) {
    reason_ = reason;
    return false;
  }

  bool Open(bool is_object) {
    if (++depth_ == 1) return is_object || Fail(IngestResult::kNotObject);
    if (depth_ > kMaxJsonDepth) return Fail(IngestResult::kTooDeep);
    if (!field_.has_value()) return true;
    if (*field_ != Field::kLabels) return Fail(IngestResult::kType);
    if (depth_ > 2) return Fail(IngestResult::kLabels);
    return is_object || Fail(IngestResult::kType);
  }

  bool Close() {
    --depth_;
    return true;
  }

  bool Scalar(JsonFields::Value value) {
    if (depth_ == 0) return Fail(IngestResult::kNotObject);
    if (!field_.has_value()) return true;
    if (InLabels()) {
      std::string* const text = std::get_if<std::string>(&value);
      if (text == nullptr || fields_.labels.size() == kMaxIngestLabels) return Fail(IngestResult::kLabels);
      fields_.labels.emplace_back(std::move(label_), std::move(*text));
      return true;
    }
    if (*field_ == Field::kLabels) {
      return std::holds_alternative<std::monostate>(value) || Fail(IngestResult::kType);
    }
    fields_.values[static_cast<size_t>(*field_)] = std::move(value);
    return true;
  }

  size_t depth_ = 0;
  std::optional<Field> field_;  // that the line is in; nullopt for one that is not known
  std::string label_;
  std::array<bool, kFields> seen_ = {};
  JsonFields fields_;
  IngestResult reason_ = IngestResult::kJson;
};

}  // namespace

std::variant<JsonFields, IngestResult> ReadJsonFields(std::string_view line) {
  if (!IsUtf8(line)) return IngestResult::kEncoding;
  FieldReader reader;
  if (!nlohmann::json::sax_parse(line.begin(), line.end(), &reader)) return reader.reason();
  return reader.TakeFields();
}

}  // namespace toolvitals
