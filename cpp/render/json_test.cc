// JSON: the bytes of an example, what is null, and names and numbers read back as they were.
// Floor: render.
#include "render/json.h"

#include <gtest/gtest.h>

#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "render/testing.h"

namespace toolvitals {
namespace {

// A strict reader (RFC 8259) that flattens a document: `tools/search/latency_ms/p50` -> `9.5`. Strings keep a leading
// quote, so that "null" and null differ. Empty objects and arrays show as `{}` and `[]`.
class FlatJson {
 public:
  using Values = std::vector<std::pair<std::string, std::string>>;

  static std::optional<Values> Parse(std::string_view text) {
    FlatJson reader(text);
    if (!reader.Value("") || !reader.text_.empty()) return std::nullopt;
    return reader.values_;
  }

 private:
  explicit FlatJson(std::string_view text) : text_(text) {}

  bool Take(std::string_view expected) {
    if (text_.substr(0, expected.size()) != expected) return false;
    text_.remove_prefix(expected.size());
    return true;
  }

  bool Value(const std::string& path) {
    if (Take("{")) return Members(path);
    if (Take("[")) return Items(path);
    if (text_.substr(0, 1) == "\"") {
      std::string value = "\"";
      if (!String(value)) return false;
      values_.emplace_back(path, value);
      return true;
    }
    for (const char* word : {"null", "true", "false"}) {
      if (!Take(word)) continue;
      values_.emplace_back(path, word);
      return true;
    }
    return Number(path);
  }

  bool Members(const std::string& path) {
    if (Take("}")) {
      values_.emplace_back(path, "{}");
      return true;
    }
    do {
      std::string key = path + "/";
      if (!String(key) || !Take(":") || !Value(key)) return false;
    } while (Take(","));
    return Take("}");
  }

  bool Items(const std::string& path) {
    if (Take("]")) {
      values_.emplace_back(path, "[]");
      return true;
    }
    size_t index = 0;
    do {
      if (!Value(path + "/" + std::to_string(index++))) return false;
    } while (Take(","));
    return Take("]");
  }

  bool Digits(std::string& number) {
    const size_t before = number.size();
    while (!text_.empty() && text_[0] >= '0' && text_[0] <= '9') {
      number.push_back(text_[0]);
      text_.remove_prefix(1);
    }
    return number.size() > before;
  }

  bool Number(const std::string& path) {
    std::string number;
    if (Take("-")) number = "-";
    const bool zero = text_.substr(0, 1) == "0";
    const size_t begin = number.size();
    if (!Digits(number) || (zero && number.size() > begin + 1)) return false;
    if (Take(".")) {
      number += ".";
      if (!Digits(number)) return false;
    }
    if (Take("e")) {
      number += "e";
      number += Take("+") ? "+" : Take("-") ? "-" : "";
      if (!Digits(number)) return false;
    }
    values_.emplace_back(path, number);
    return true;
  }

  bool String(std::string& value) {
    if (!Take("\"")) return false;
    while (!text_.empty() && text_[0] != '"') {
      if (static_cast<unsigned char>(text_[0]) < 0x20) return false;
      if (!Take("\\")) {
        value.push_back(text_[0]);
        text_.remove_prefix(1);
      } else if (!Escape(value)) {
        return false;
      }
    }
    return Take("\"");
  }

  bool Escape(std::string& value) {
    static const std::map<char, char> kShort = {{'"', '"'},  {'\\', '\\'}, {'/', '/'},  {'b', '\b'},
                                                {'f', '\f'}, {'n', '\n'},  {'r', '\r'}, {'t', '\t'}};
    if (text_.empty()) return false;
    const char kind = text_[0];
    text_.remove_prefix(1);
    if (const auto found = kShort.find(kind); found != kShort.end()) {
      value.push_back(found->second);
      return true;
    }
    unsigned code = 0;
    if (kind != 'u' || text_.size() < 4) return false;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + 4, code, 16);
    if (error != std::errc() || end != text_.data() + 4 || code >= 0x80) return false;
    value.push_back(static_cast<char>(code));
    text_.remove_prefix(4);
    return true;
  }

  std::string_view text_;
  Values values_;
};

std::string Json(const Snapshot& snapshot) {
  std::string text;
  RenderJson(snapshot, text);
  return text;
}

// Fails on a document that is not valid, or that has a path twice.
std::map<std::string, std::string> Values(const std::string& text) {
  const std::optional<FlatJson::Values> values = FlatJson::Parse(text);
  EXPECT_TRUE(values.has_value()) << text;
  std::map<std::string, std::string> map;
  if (!values.has_value()) return map;
  for (const auto& [path, value] : *values) EXPECT_TRUE(map.emplace(path, value).second) << path;
  return map;
}

TEST(JsonTest, ExampleIsGolden) {
  const std::string actual = Json(testing::ExampleSnapshot()) + "\n";
  EXPECT_EQ(actual, testing::Golden("example.json", actual));
}

TEST(JsonTest, EmptySnapshotIsGolden) {
  const std::string actual = Json(Snapshot()) + "\n";
  EXPECT_EQ(actual, testing::Golden("empty.json", actual));
}

TEST(JsonTest, FamiliesOfEveryTypeAreGolden) {
  const std::string actual = Json(testing::EveryType()) + "\n";
  EXPECT_EQ(actual, testing::Golden("families.json", actual));
}

TEST(JsonTest, FamiliesSayWhatTheSnapshotSays) {
  std::map<std::string, std::string> values = Values(Json(testing::EveryType()));
  EXPECT_EQ(values["/metrics/orders/type"], "\"counter");
  EXPECT_EQ(values["/metrics/orders/series/0/labels/shop"], "\"a\"b\\c\nd");
  EXPECT_EQ(values["/metrics/orders/series/0/value"], "18446744073709551615");
  EXPECT_EQ(values["/metrics/orders/series/1/value"], "0.5");
  EXPECT_EQ(values["/metrics/orders/series/0/exemplars/0/labels/trace_id"], "\"4bf9");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/count"], "6");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/buckets/0.25"], "1");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/buckets/1.0"], "3");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/buckets/+Inf"], "6");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/native/positive/2"], "2");
  EXPECT_EQ(values["/metrics/latency_seconds/series/0/native/negative/5"], "1");
  EXPECT_EQ(values["/metrics/queue_age/series/0/buckets/+Inf"], "5");
  EXPECT_EQ(values["/metrics/size_bytes/series/0/quantiles/0.99"], "11.5");
  EXPECT_EQ(values["/metrics/release/series/0/labels/commit"], "\"abc");
  EXPECT_EQ(values["/metrics/phase/series/0/states/ready"], "true");
  EXPECT_EQ(values["/metrics/phase/series/1/states/ready"], "false");
}

TEST(JsonTest, AllFamiliesStandTogetherWhereTheyAreAskedFor) {
  Snapshot snapshot = testing::ExampleSnapshot();
  // The first family of a name is the one.
  snapshot.families.push_back(testing::Family(FamilyType::kGauge, "tool_calls", {{}}));
  snapshot.families.back().values = {uint64_t{7}};
  snapshot.families.push_back(testing::Family(FamilyType::kGauge, "without_series", {}));
  std::string text;
  RenderOptions options;
  options.own_families = true;
  RenderJson(snapshot, text, options);
  std::map<std::string, std::string> values = Values(text);
  EXPECT_EQ(values["/metrics/tool_calls/type"], "\"counter");
  EXPECT_EQ(values["/metrics/tool_call_errors/series/0/labels/error_type"], "\"TimeoutError");
  EXPECT_EQ(values["/metrics/toolvitals_build/series/0/labels/version"], values["/toolvitals/version"]);
  EXPECT_EQ(values["/metrics/process_threads/series/0/labels"], "{}");
  EXPECT_EQ(values["/metrics/without_series/series"], "[]");
  std::map<std::string, std::string> alone = Values(Json(snapshot));
  EXPECT_EQ(alone["/metrics/tool_calls/type"], "\"gauge");
  EXPECT_EQ(alone.count("/metrics/toolvitals_build/type"), 0u);
}

TEST(JsonTest, WhatIsNoNumberHasAText) {
  Snapshot snapshot;
  FamilySnapshot family = testing::Family(FamilyType::kGauge, "odd", {{}, {}, {}, {}});
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  family.values = {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, 1.5};
  snapshot.families.push_back(family);
  std::map<std::string, std::string> values = Values(Json(snapshot));
  EXPECT_EQ(values["/metrics/odd/series/0/value"], "null");
  EXPECT_EQ(values["/metrics/odd/series/0/value_text"], "\"NaN");
  EXPECT_EQ(values["/metrics/odd/series/1/value_text"], "\"+Inf");
  EXPECT_EQ(values["/metrics/odd/series/2/value_text"], "\"-Inf");
  EXPECT_EQ(values.count("/metrics/odd/series/3/value_text"), 0u);
}

TEST(JsonTest, WhatIsTooLargeHasATextAndWhatIsNotThereHasNone) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Snapshot snapshot;
  ToolSnapshot tool;
  tool.name = "search";
  tool.successful_calls = 2;
  tool.total_latency_ms = kInfinity;
  tool.window_ms.max = 1e308;
  tool.window_ms.quantiles[4] = kInfinity;
  tool.first_item_ms = WindowStats{.mean = kInfinity};
  snapshot.tools.push_back(tool);
  FamilySnapshot family = testing::Family(FamilyType::kSummary, "waits", {{}});
  family.quantiles = {{{0.25, -kInfinity}, {0.5, kAbsent}, {0.75, kInfinity}}};
  family.counts = {2};
  family.sums = {1};
  snapshot.families.push_back(family);
  std::map<std::string, std::string> values = Values(Json(snapshot));
  for (const std::string key : {"total_latency_ms", "avg_latency_ms", "latency_ms/p99", "first_item_ms/mean"}) {
    EXPECT_EQ(values["/tools/search/" + key], "null") << key;
    EXPECT_EQ(values["/tools/search/" + key + "_text"], "\"+Inf") << key;
  }
  for (const std::string key : {"latency_ms/p95", "latency_ms/max", "first_item_ms/max", "oldest_in_progress_ms"}) {
    EXPECT_EQ(values.count("/tools/search/" + key + "_text"), 0u) << key;
  }
  EXPECT_EQ(values["/metrics/waits/series/0/quantiles/0.25"], "null");
  EXPECT_EQ(values["/metrics/waits/series/0/quantiles_text/0.25"], "\"-Inf");
  EXPECT_EQ(values.count("/metrics/waits/series/0/quantiles_text/0.5"), 0u);
  EXPECT_EQ(values["/metrics/waits/series/0/quantiles_text/0.75"], "\"+Inf");
}

TEST(JsonTest, AttributesKeepTheirTypesBesideTheLabels) {
  Snapshot snapshot;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  snapshot.families.push_back(testing::OpenFamily(
      FamilyType::kCounter, "open",
      {{},
       {{"a.b", int64_t{-1}}, {"b", true}, {"c", 1.0}, {"d", std::string("x\"")}},
       {{"a", std::vector<int64_t>{1, 2}}, {"b", std::vector<bool>{}}, {"c", std::vector<std::string>{"", "y"}}},
       {{"a", kNan}, {"b", 2.5}, {"c", std::vector<double>{1, -std::numeric_limits<double>::infinity()}}}}));
  snapshot.families.back().values.assign(4, uint64_t{1});
  const std::string text = Json(snapshot);
  std::map<std::string, std::string> values = Values(text);
  EXPECT_EQ(values["/metrics/open/series/0/labels"], "{}");
  EXPECT_EQ(values["/metrics/open/series/0/attributes"], "{}");
  EXPECT_EQ(values["/metrics/open/series/1/labels/a_b"], "\"-1");
  EXPECT_NE(text.find(R"("attributes":{"a.b":-1,"b":true,"c":1.0,"d":"x\""},"value":1})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("attributes":{"a":[1,2],"b":[],"c":["","y"]},"value":1})"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("attributes":{"a":null,"b":2.5,"c":[1.0,null]},)"
                      R"("attributes_text":{"a":"NaN","c":["1.0","-Inf"]},"value":1})"),
            std::string::npos)
      << text;
}

TEST(JsonTest, SeriesOfTheSameLabelsAreToldApartByTheirAttributes) {
  Snapshot snapshot;
  snapshot.families.push_back(
      testing::OpenFamily(FamilyType::kCounter, "open", {{{"a", int64_t{1}}}, {{"a", std::string("1")}}}));
  snapshot.families.back().values = {uint64_t{3}, uint64_t{4}};
  std::map<std::string, std::string> values = Values(Json(snapshot));
  EXPECT_EQ(values["/metrics/open/series/0/attributes/a"], "1");
  EXPECT_EQ(values["/metrics/open/series/0/value"], "3");
  EXPECT_EQ(values["/metrics/open/series/1/attributes/a"], "\"1");
  EXPECT_EQ(values["/metrics/open/series/1/value"], "4");
  EXPECT_EQ(values["/metrics/open/series/1/labels/a"], "\"1");
}

TEST(JsonTest, OverflowTellsWhichAttributeExplodes) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.families.push_back(testing::OpenFamily(FamilyType::kCounter, "requests",
                                                  {{{"http.route", std::string("/a")}, {"user", int64_t{1}}},
                                                   {{"user", std::string("1")}},
                                                   {{"http.route", std::string("/a")}, {"user", true}},
                                                   {{"otel.metric.overflow", true}}}));
  snapshot.families.back().values.assign(4, uint64_t{1});
  snapshot.self.overflowed_records = {{"requests", 7}};
  std::map<std::string, std::string> values = Values(Json(snapshot));
  EXPECT_EQ(values["/toolvitals/overflow/requests/distinct_values/http.route"], "1");
  EXPECT_EQ(values["/toolvitals/overflow/requests/distinct_values/user"], "3");
  EXPECT_EQ(values.count("/toolvitals/overflow/requests/distinct_values/otel.metric.overflow"), 0u);
}

TEST(JsonTest, OverflowTellsWhichLabelExplodes) {
  Snapshot snapshot = testing::ExampleSnapshot();
  std::vector<LabelSet::Pairs> labels;
  for (int i = 0; i < 5; ++i) labels.push_back({{"route", "/a"}, {"user", std::to_string(i)}});
  labels.push_back({{"otel_metric_overflow", "true"}});
  FamilySnapshot family = testing::Family(FamilyType::kCounter, "requests", labels);
  family.values.assign(labels.size(), uint64_t{1});
  snapshot.families.push_back(family);
  snapshot.self.overflowed_records = {{"gone", 2}, {"requests", 7}};
  snapshot.self.offenders = {{"requests", "route", "/a", 7, 0}, {"gone", "x", "y", 2, 1}};
  std::map<std::string, std::string> values = Values(Json(snapshot));
  EXPECT_EQ(values["/toolvitals/overflow/requests/records"], "7");
  EXPECT_EQ(values["/toolvitals/overflow/requests/distinct_values/route"], "1");
  EXPECT_EQ(values["/toolvitals/overflow/requests/distinct_values/user"], "5");
  EXPECT_EQ(values["/toolvitals/overflow/requests/busiest/0/value"], "\"/a");
  EXPECT_EQ(values.count("/toolvitals/overflow/requests/busiest/1/value"), 0u);
  EXPECT_EQ(values["/toolvitals/overflow/gone/distinct_values"], "{}");
  EXPECT_EQ(values["/toolvitals/overflow/gone/busiest/0/error"], "1");
}

TEST(JsonTest, ExampleSaysWhatTheSnapshotSays) {
  std::map<std::string, std::string> values = Values(Json(testing::ExampleSnapshot()));
  EXPECT_EQ(values["/schema_version"], "1");
  EXPECT_EQ(values["/timestamp"], "\"2026-01-31T12:00:00.123456Z");
  EXPECT_EQ(values["/tools/search/total_calls"], "3");
  EXPECT_EQ(values["/tools/search/success_rate"], "0.6666666666666666");
  EXPECT_EQ(values["/tools/search/avg_latency_ms"], "10.166666666666666");
  EXPECT_EQ(values["/tools/search/latency_ms/p99"], "20.28");
  EXPECT_EQ(values["/tools/search/error_types/TimeoutError"], "1");
  EXPECT_EQ(values.count("/tools/search/first_item_ms/count"), 0u);
  EXPECT_EQ(values["/tools/idle/error_types"], "{}");
  EXPECT_EQ(values["/caches/semantic/hit_rate"], "0.75");
  EXPECT_EQ(values["/system/process/start_time_seconds"], "1769860788.25");
  EXPECT_EQ(values["/system/python/gc/2/uncollectable"], "7");
  EXPECT_EQ(values["/toolvitals/dropped_records/latency_nan"], "4");
}

TEST(JsonTest, WhatWasNotCountedIsNull) {
  std::map<std::string, std::string> values = Values(Json(testing::ExampleSnapshot()));
  for (const char* path : {"success_rate", "avg_latency_ms", "oldest_in_progress_ms", "latency_ms/mean",
                           "latency_ms/stddev", "latency_ms/min", "latency_ms/max", "latency_ms/p50"}) {
    EXPECT_EQ(values[std::string("/tools/idle/") + path], "null") << path;
  }
  EXPECT_EQ(values["/tools/idle/total_latency_ms"], "0.0");
  EXPECT_EQ(values["/caches/files/hit_rate"], "null");
  EXPECT_EQ(values["/caches/files/total_requests"], "0");
}

TEST(JsonTest, NanAndInfinityAreNull) {
  ToolSnapshot tool;
  tool.name = "t";
  tool.successful_calls = 1;
  tool.total_latency_ms = std::numeric_limits<double>::infinity();
  tool.window_ms = {1, kAbsent, -std::numeric_limits<double>::infinity(), 1, 1, {1, 1, 1, 1, 1}};
  std::string text;
  RenderToolJson(tool, text);
  std::map<std::string, std::string> values = Values(text);
  EXPECT_EQ(values["/total_latency_ms"], "null");
  EXPECT_EQ(values["/avg_latency_ms"], "null");
  EXPECT_EQ(values["/latency_ms/mean"], "null");
  EXPECT_EQ(values["/latency_ms/stddev"], "null");
  EXPECT_EQ(values["/latency_ms/min"], "1.0");
}

TEST(JsonTest, CountsAreExactToTheLast) {
  std::map<std::string, std::string> values = Values(Json(testing::ExampleSnapshot()));
  EXPECT_EQ(values["/tools/" + testing::ExampleSnapshot().tools[1].name + "/cancelled_calls"], "18446744073709551615");
}

TEST(JsonTest, WithoutAnInterpreterPythonIsNull) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.python = {};
  EXPECT_EQ(Values(Json(snapshot))["/system/python"], "null");
}

TEST(JsonTest, UnknownProcessFiguresAreNull) {
  Snapshot snapshot;
  snapshot.process.pid = 5;
  std::map<std::string, std::string> values = Values(Json(snapshot));
  EXPECT_EQ(values["/system/process/pid"], "5");
  EXPECT_EQ(values["/system/process/cpu_seconds"], "0.0");
  for (const char* name :
       {"resident_memory_bytes", "virtual_memory_bytes", "open_fds", "threads", "start_time_seconds"}) {
    EXPECT_EQ(values[std::string("/system/process/") + name], "null") << name;
  }
}

// One object alone is the very text it is within the whole.
TEST(JsonTest, PartsAreThoseOfTheWhole) {
  const Snapshot snapshot = testing::ExampleSnapshot();
  const std::string whole = Json(snapshot);
  for (const ToolSnapshot& tool : snapshot.tools) {
    std::string part = ":";
    RenderToolJson(tool, part);
    EXPECT_TRUE(whole.find(part) != std::string::npos) << part;
  }
  for (const CacheSnapshot& cache : snapshot.caches) {
    std::string part = ":";
    RenderCacheJson(cache, part);
    EXPECT_TRUE(whole.find(part) != std::string::npos) << part;
  }
  std::string part = "\"system\":";
  RenderSystemJson(snapshot, part);
  EXPECT_TRUE(whole.find(part) != std::string::npos) << part;
}

std::string TimestampOf(int64_t unix_us) {
  Snapshot snapshot;
  snapshot.timestamp_us = unix_us;
  return Values(Json(snapshot))["/timestamp"];
}

// The expected texts are what Python's datetime prints.
TEST(JsonTest, TimestampsAreUtc) {
  EXPECT_EQ(TimestampOf(0), "\"1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(TimestampOf(-1), "\"1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(TimestampOf(951'782'400'000'001), "\"2000-02-29T00:00:00.000001Z");
  EXPECT_EQ(TimestampOf(951'868'800'000'000), "\"2000-03-01T00:00:00.000000Z");
  EXPECT_EQ(TimestampOf(1'709'251'199'999'999), "\"2024-02-29T23:59:59.999999Z");
  EXPECT_EQ(TimestampOf(4'107'542'400'000'000), "\"2100-03-01T00:00:00.000000Z");
  EXPECT_EQ(TimestampOf(1'798'761'599'000'000), "\"2026-12-31T23:59:59.000000Z");
  EXPECT_EQ(TimestampOf(253'402'300'799'999'999), "\"9999-12-31T23:59:59.999999Z");
}

TEST(JsonTest, HostileNamesReadBack) {
  testing::Random random(4);
  for (int i = 0; i < 2'000; ++i) {
    const Snapshot snapshot = testing::RandomSnapshot(random);
    std::map<std::string, std::string> values = Values(Json(snapshot));
    for (const ToolSnapshot& tool : snapshot.tools) {
      const std::string path = "/tools/" + tool.name;
      ASSERT_EQ(values[path + "/tool_name"], "\"" + tool.name);
      ASSERT_EQ(std::stod(values[path + "/total_latency_ms"]), tool.total_latency_ms);
      for (const auto& [type, count] : tool.error_types) {
        ASSERT_EQ(values[path + "/error_types/" + type], std::to_string(count));
      }
      ASSERT_EQ(values.count(path + "/first_item_ms/count"), tool.first_item_ms.has_value() ? 1u : 0u);
    }
    for (const CacheSnapshot& cache : snapshot.caches) {
      ASSERT_EQ(values["/caches/" + cache.name + "/cache_name"], "\"" + cache.name);
    }
  }
}

TEST(JsonTest, InvalidBytesAreReplaced) {
  CacheSnapshot cache;
  cache.name = "a\xFF\xED\xA0\x80";
  std::string text;
  RenderCacheJson(cache, text);
  EXPECT_EQ(Values(text)["/cache_name"], "\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(JsonTest, ReaderRefusesWhatIsNotJson) {
  for (const char* text : {"", "{", "{\"a\":01}", "{\"a\":1.}", "{\"a\":nan}", "{\"a\":\"\n\"}", "{\"a\":1}}", "[1,]",
                           "{\"a\":\"\\x\"}", "{'a':1}"}) {
    EXPECT_FALSE(FlatJson::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace toolvitals
