// The table of formats: what the server negotiates over.
// Floor: render.
#include "render/format.h"

#include <gtest/gtest.h>

#include <string>

#include "render/json.h"
#include "render/prometheus_text.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

TEST(FormatTest, JsonComesFirst) {
  ASSERT_EQ(ExpositionFormats().size(), 6u);
  const ExpositionFormat& json = ExpositionFormats()[0];
  EXPECT_EQ(json.name, "json");
  EXPECT_EQ(json.type, "application");
  EXPECT_EQ(json.subtype, "json");
  EXPECT_EQ(json.version, "");
  EXPECT_EQ(json.content_type, "application/json");
}

TEST(FormatTest, PrometheusTextComesSecond) {
  const ExpositionFormat& text = ExpositionFormats()[1];
  EXPECT_EQ(text.name, "prometheus");
  EXPECT_EQ(text.type, "text");
  EXPECT_EQ(text.subtype, "plain");
  EXPECT_EQ(text.version, "0.0.4");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(FormatTest, ContentTypesAreThoseThatPrometheusKnows) {
  const auto content_type = [](const char* name, Escaping escaping) {
    return ContentType(*FindFormat(name), escaping);
  };
  EXPECT_EQ(content_type("json", Escaping::kDots), "application/json");
  EXPECT_EQ(content_type("prometheus", Escaping::kDots), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type("prometheus1", Escaping::kUnderscores),
            "text/plain; version=1.0.0; charset=utf-8; escaping=underscores");
  EXPECT_EQ(content_type("openmetrics", Escaping::kAllowUtf8),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(content_type("openmetrics2", Escaping::kAllowUtf8),
            "application/openmetrics-text; version=2.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(content_type("protobuf", Escaping::kValues),
            "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; "
            "escaping=values");
}

TEST(FormatTest, FindsByName) {
  EXPECT_EQ(FindFormat("json"), &ExpositionFormats()[0]);
  EXPECT_EQ(FindFormat("prometheus"), &ExpositionFormats()[1]);
  EXPECT_EQ(FindFormat(""), nullptr);
  EXPECT_EQ(FindFormat("JSON"), nullptr);
}

TEST(FormatTest, EachRendersItsOwn) {
  const Snapshot snapshot = testing::ExampleSnapshot();
  std::string json, text, expected_json, expected_text;
  RenderJson(snapshot, expected_json);
  RenderPrometheusText(snapshot, expected_text);
  FindFormat("json")->render(snapshot, json);
  FindFormat("prometheus")->render(snapshot, text);
  EXPECT_EQ(json, expected_json);
  EXPECT_EQ(text, expected_text);
}

TEST(FormatTest, AppendsToWhatIsThere) {
  const Snapshot snapshot = testing::ExampleSnapshot();
  for (const ExpositionFormat& format : ExpositionFormats()) {
    std::string alone, after = "before ";
    format.render(snapshot, alone);
    format.render(snapshot, after);
    EXPECT_EQ(after, "before " + alone);
  }
}

}  // namespace
}  // namespace toolvitals
