// Lines that are right, lines that are wrong in each way, and mutated ones. Floor: ingest.
#include "ingest/ingest_record.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/testing.h"
#include "ingest/ingest_limits.h"

namespace toolvitals {
namespace {

using enum IngestResult;

std::string ReasonOf(std::string_view line) {
  const ParsedLine parsed = ParseLine(line);
  const IngestResult* reason = std::get_if<IngestResult>(&parsed);
  return std::string(IngestResultName(reason == nullptr ? kAccepted : *reason));
}

std::string Operation(std::string_view fields) {
  return R"({"operation_type":"upload","success":true)" + std::string(fields) + "}";
}

std::string Counter(std::string_view value) { return R"({"counter":"c","value":)" + std::string(value) + "}"; }

TEST(IngestRecordTest, AnOperation) {
  const ParsedLine parsed = ParseLine(
      R"({"operation_id": "4f", "operation_type": "upload", "object_key": "a/b", "object_size": 1048576,
          "timestamp_start": "2026-01-31T12:00:00.000Z", "timestamp_end": "2026-01-31T12:00:00.112Z",
          "duration_ms": 112.5, "success": true, "error": null, "labels": {"user": "ann", "region": "eu"}})");
  const OperationRecord expected = {.type = "upload",
                                    .success = true,
                                    .duration_s = 0.1125,
                                    .object_bytes = 1048576,
                                    .labels = {{"region", "eu"}, {"user", "ann"}}};
  ASSERT_TRUE(std::holds_alternative<OperationRecord>(parsed));
  EXPECT_EQ(std::get<OperationRecord>(parsed), expected);
}

TEST(IngestRecordTest, TheTimestampsGiveTheDurationWhereItIsAbsent) {
  const std::string times =
      R"(,"timestamp_start":"2026-01-31T12:00:00.250Z","timestamp_end":"2026-01-31T13:00:01+01:00")";
  for (const std::string& fields : {times, times + R"(,"duration_ms":null)"}) {
    const ParsedLine parsed = ParseLine(Operation(fields));
    ASSERT_TRUE(std::holds_alternative<OperationRecord>(parsed)) << fields;
    EXPECT_EQ(std::get<OperationRecord>(parsed).duration_s, 0.75);
    EXPECT_FALSE(std::get<OperationRecord>(parsed).object_bytes.has_value());
  }
}

TEST(IngestRecordTest, Values) {
  using Kind = ValueRecord::Kind;
  const std::pair<const char*, ValueRecord> cases[] = {
      {R"({"counter":"jobs_total","value":2})", {Kind::kCounter, "jobs_total", 2, {}}},
      {R"({"gauge":"depth","value":-1.5e300,"labels":{}})", {Kind::kGauge, "depth", -1.5e300, {}}},
      {R"({"observe":"wait:s","value":0.25,"labels":{"q":"a","p":""}})",
       {Kind::kObserve, "wait:s", 0.25, {{"p", ""}, {"q", "a"}}}},
      {R"({"counter":"c","value":-0.0,"version":1,"labels":null})", {Kind::kCounter, "c", 0, {}}},
      {R"( {"value":1,"later":{"a":[[1],{}]},"counter":"c","also":[]} )", {Kind::kCounter, "c", 1, {}}},
  };
  for (const auto& [line, expected] : cases) {
    const ParsedLine parsed = ParseLine(line);
    ASSERT_TRUE(std::holds_alternative<ValueRecord>(parsed)) << line << ReasonOf(line);
    EXPECT_EQ(std::get<ValueRecord>(parsed), expected) << line;
    EXPECT_FALSE(std::signbit(std::get<ValueRecord>(parsed).value) && expected.value == 0);
  }
}

TEST(IngestRecordTest, EveryMistakeHasItsReason) {
  const std::string long_text(kMaxNameBytes + 1, 'n');
  std::string many_labels = R"({"counter":"c","value":1,"labels":{)";
  for (size_t i = 0; i <= kMaxIngestLabels; ++i) many_labels += (i ? ",\"l" : "\"l") + std::to_string(i) + "\":\"v\"";
  many_labels += "}}";
  const std::pair<std::string, const char*> cases[] = {
      {"\xff{}", "encoding"},
      {"{\"counter\":\"\xc0\x80\",\"value\":1}", "encoding"},
      {"", "json"},
      {"nonsense", "json"},
      {"{\"counter\":\"c\",\"value\":1", "json"},
      {R"({"counter":"c","value":1}{})", "json"},
      {R"({"counter":"c","value":1,})", "json"},
      {R"({"counter":"c","value":NaN})", "json"},
      {R"({"counter":"c","value":Infinity})", "json"},
      {R"({"counter":"c","value":01})", "json"},
      {R"({"counter":"c","value":"\ud800"})", "json"},
      {"{'counter':'c'}", "json"},
      {"/* */{}", "json"},
      {"[]", "not_object"},
      {"[{\"counter\":\"c\",\"value\":1}]", "not_object"},
      {"1", "not_object"},
      {"\"text\"", "not_object"},
      {"null", "not_object"},
      {R"({"later":)" + std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']') + "}", "too_deep"},
      {R"({"later":)" + std::string(60'000, '['), "too_deep"},
      {R"({"counter":"c","value":1,"value":2})", "duplicate_field"},
      {R"({"counter":"c","value":1,"labels":{"a":"1","a":"2"}})", "duplicate_field"},
      {R"({"counter":"c","value":1,"version":2})", "version"},
      {R"({"counter":"c","value":1,"version":"1"})", "type"},
      {"{}", "kind"},
      {R"({"value":1})", "kind"},
      {R"({"operation_id":"1"})", "kind"},
      {R"({"counter":"c","gauge":"g","value":1})", "kind"},
      {R"({"operation_type":"upload","counter":"c"})", "kind"},
      {R"({"counter":"c"})", "missing_field"},
      {R"({"counter":"c","value":null})", "missing_field"},
      {Operation(""), "missing_field"},
      {R"({"operation_type":"upload","duration_ms":1})", "missing_field"},
      {Operation(R"(,"timestamp_start":"2026-01-31T12:00:00Z")"), "missing_field"},
      {R"({"counter":1,"value":1})", "type"},
      {R"({"counter":["c"],"value":1})", "type"},
      {Counter("\"1\""), "type"},
      {Counter("true"), "type"},
      {R"({"counter":"c","value":1,"labels":[]})", "type"},
      {R"({"counter":"c","value":1,"labels":"a"})", "type"},
      {Operation(R"(,"duration_ms":"1")"), "type"},
      {Operation(R"(,"duration_ms":1,"error":7)"), "type"},
      {Operation(R"(,"duration_ms":1,"operation_id":7)"), "type"},
      {Operation(R"(,"duration_ms":1,"object_key":{})"), "type"},
      {Operation(R"(,"duration_ms":1,"timestamp_end":5)"), "type"},
      {R"({"operation_type":"upload","success":1,"duration_ms":1})", "type"},
      {Counter("-1"), "number"},
      {Counter("1e19"), "number"},
      {Counter("1e400"), "number"},
      {R"({"gauge":"g","value":-1e400})", "number"},
      {R"({"observe":"o","value":-1e19})", "number"},
      {Operation(R"(,"duration_ms":-0.001)"), "number"},
      {Operation(R"(,"duration_ms":1,"object_size":-1)"), "number"},
      {Operation(R"(,"duration_ms":1,"object_size":0.5)"), "number"},
      {Operation(R"(,"duration_ms":1,"object_size":9007199254740994)"), "number"},
      {R"({"counter":"","value":1})", "name"},
      {R"({"counter":"1c","value":1})", "name"},
      {R"({"counter":"c-d","value":1})", "name"},
      {R"({"counter":"caf\u00e9","value":1})", "name"},
      {R"({"counter":")" + long_text + R"(","value":1})", "name"},
      {R"({"operation_type":"","success":true,"duration_ms":1})", "name"},
      {R"({"operation_type":"a\u0000","success":true,"duration_ms":1})", "name"},
      {R"({"operation_type":")" + long_text + R"(","success":true,"duration_ms":1})", "name"},
      {many_labels, "labels"},
      {R"({"counter":"c","value":1,"labels":{"a":1}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"a":null}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"a":{}}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"":"v"}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"__a":"v"}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"a-b":"v"}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"a":"\u0000"}})", "labels"},
      {R"({"counter":"c","value":1,"labels":{"a":")" + std::string(kMaxIngestLabelValueBytes + 1, 'v') + R"("}})",
       "labels"},
      {Operation(R"(,"duration_ms":1,"timestamp_start":"yesterday")"), "timestamp"},
      {Operation(R"(,"timestamp_start":"2026-01-31T12:00:01Z","timestamp_end":"2026-01-31T12:00:00Z")"), "timestamp"},
  };
  for (const auto& [line, reason] : cases) EXPECT_EQ(ReasonOf(line), reason) << line.substr(0, 200);
}

TEST(IngestRecordTest, WhatIsAtALimitIsTaken) {
  const std::string name(kMaxNameBytes, 'n');
  const std::string lines[] = {
      Counter("1e18"),
      Counter("0"),
      R"({"observe":"o","value":-1e18})",
      R"({"gauge":"g","value":1.7e308})",
      R"({"counter":")" + name + R"(","value":1})",
      Operation(R"(,"duration_ms":1,"object_size":9007199254740992)"),
      Operation(R"(,"duration_ms":0,"object_size":0,"error":"","operation_id":"","object_key":null)"),
      R"({"later":)" + std::string(kMaxJsonDepth - 1, '[') + std::string(kMaxJsonDepth - 1, ']') +
          R"(,"counter":"c","value":1})"};
  for (const std::string& line : lines) {
    EXPECT_EQ(ReasonOf(line), "accepted") << line;
  }
}

TEST(IngestRecordTest, MutatedLinesAreTakenOrRefused) {
  const std::string good =
      R"({"operation_type":"upload","duration_ms":112.5,"success":false,"error":"x","labels":{"user":"\u00e9"}})";
  Random random(11);
  for (uint64_t i = 0; i < Repetitions(20'000); ++i) {
    std::string line = good;
    for (uint64_t edits = 1 + random.Below(4); edits > 0; --edits) {
      const size_t at = random.Below(line.size());
      switch (random.Below(3)) {
        case 0:
          line[at] = static_cast<char>(random.Below(256));
          break;
        case 1:
          line.erase(at, 1);
          break;
        default:
          line.insert(at, 1, "{}[]\",:0e-.\\"[random.Below(12)]);
      }
    }
    ParseLine(line);
  }
}

}  // namespace
}  // namespace toolvitals
