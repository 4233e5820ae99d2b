// Headers of Prometheus, of browsers and of those who want trouble, and what each is given. Floor: serve.
#include "serve/accept.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

#include "serve/fake_formats.h"
#include "serve/preferences.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

std::string_view OnJsonPort(std::string_view accept) { return ChooseFormat(accept, kFakeFormats, kFakeJson).name; }
std::string_view OnTextPort(std::string_view accept) { return ChooseFormat(accept, kFakeFormats, kFakeText).name; }

// The product's table today.
constexpr std::span<const ExpositionFormat> kTwoFormats(kFakeFormats.data(), 2);

constexpr std::string_view kPrometheus2 =
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
constexpr std::string_view kPrometheus3 =
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

TEST(AcceptTest, WhatIsLeftOpenIsThePortsDefault) {
  for (const std::string_view open : {"", "*/*", "*/*;q=0.1", "text/html, application/xhtml+xml, */*;q=0.8",
                                      "image/png", "text/html", "application/json, text/plain, */*"}) {
    EXPECT_EQ(OnJsonPort(open), "json") << open;
    EXPECT_EQ(OnTextPort(open), "prometheus") << open;
  }
}

TEST(AcceptTest, PrometheusGetsTextOnBothPorts) {
  for (const std::string_view accept : {kPrometheus2, kPrometheus3}) {
    EXPECT_EQ(ChooseFormat(accept, kTwoFormats, kFakeFormats[0]).name, "prometheus");
    EXPECT_EQ(ChooseFormat(accept, kTwoFormats, kFakeFormats[1]).name, "prometheus");
    EXPECT_EQ(OnJsonPort(accept), "openmetrics") << "once there is a format that it likes better";
  }
}

std::string Negotiated(std::string_view accept) {
  const NegotiatedFormat chosen = Negotiate(accept, ExpositionFormats(), *FindFormat("json"));
  return std::string(chosen.format->name) + " " + std::string(EscapingName(chosen.escaping));
}

// What the product's table gives the headers that Prometheus really sends.
TEST(AcceptTest, PrometheusGetsTheFormatThatItLikesBest) {
  EXPECT_EQ(Negotiated(kPrometheus2), "openmetrics underscores");
  EXPECT_EQ(Negotiated(kPrometheus3), "openmetrics allow-utf-8");
  constexpr std::string_view kProtobuf2 =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,"
      "application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,"
      "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
  EXPECT_EQ(Negotiated(kProtobuf2), "protobuf underscores");
  constexpr std::string_view kProtobuf3 =
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
      "escaping=allow-utf-8;q=0.7,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,*/*;q=0.2";
  EXPECT_EQ(Negotiated(kProtobuf3), "protobuf allow-utf-8");
}

TEST(AcceptTest, EscapingBelongsToTheChosenFormat) {
  EXPECT_EQ(Negotiated("text/plain;version=1.0.0;escaping=dots"), "prometheus1 dots");
  EXPECT_EQ(Negotiated("text/plain;version=1.0.0;escaping=\"values\""), "prometheus1 values");
  EXPECT_EQ(Negotiated("text/plain;version=1.0.0;escaping=rot13"), "prometheus1 underscores");
  EXPECT_EQ(Negotiated("text/plain;version=0.0.4;escaping=dots"), "prometheus underscores");
  EXPECT_EQ(Negotiated("text/plain;version=1.0.0;escaping=dots;q=0.1, application/openmetrics-text"),
            "openmetrics underscores");
  EXPECT_EQ(Negotiated("*/*;escaping=dots"), "json underscores");
}

TEST(AcceptTest, ProtobufIsGivenInOneEncodingAlone) {
  EXPECT_EQ(Negotiated("application/vnd.google.protobuf"), "protobuf underscores");
  EXPECT_EQ(Negotiated("application/vnd.google.protobuf;encoding=text"), "json underscores");
  EXPECT_EQ(Negotiated("application/vnd.google.protobuf;proto=a.B;encoding=delimited"), "json underscores");
}

TEST(AcceptTest, TheHighestQValueWins) {
  EXPECT_EQ(OnJsonPort("application/json;q=0.5, text/plain;q=0.9"), "prometheus");
  EXPECT_EQ(OnTextPort("application/json;q=0.9, text/plain;q=0.5"), "json");
  EXPECT_EQ(OnTextPort("application/json;q=0.501, text/plain;q=0.5"), "json");
  EXPECT_EQ(OnTextPort("application/json ; Q=1.000 , text/plain ; q=0.999"), "json");
}

TEST(AcceptTest, TheMoreSpecificRangeSpeaksForAFormat) {
  EXPECT_EQ(OnJsonPort("application/json;q=0, */*"), "prometheus");
  EXPECT_EQ(OnJsonPort("*/*, application/json;q=0.1, text/*;q=0.2, text/plain;q=0"), "openmetrics");
  EXPECT_EQ(OnJsonPort("text/plain, */*"), "prometheus");
  EXPECT_EQ(OnTextPort("application/*"), "json");
  EXPECT_EQ(OnJsonPort("text/*"), "prometheus");
}

TEST(AcceptTest, VersionsAreKeptApart) {
  EXPECT_EQ(OnJsonPort("text/plain"), "prometheus");
  EXPECT_EQ(OnJsonPort("text/plain;version=0.0.4"), "prometheus");
  EXPECT_EQ(OnJsonPort("text/plain;version=\"1.0.0\""), "prometheus1");
  EXPECT_EQ(OnJsonPort("text/plain;version=9.9.9"), "json");
  EXPECT_EQ(OnJsonPort("TEXT/Plain;charset=utf-8;Version=1.0.0"), "prometheus1");
  EXPECT_EQ(OnTextPort("application/json;version=7"), "json") << "JSON has no versions to differ in";
}

TEST(AcceptTest, WhatIsRefusedAltogetherFallsBack) {
  EXPECT_EQ(OnTextPort("*/*;q=0"), "prometheus");
  EXPECT_EQ(OnJsonPort("application/json;q=0"), "json");
}

TEST(AcceptTest, GarbageIsPassedOver) {
  for (const std::string_view garbage :
       {",,,,", ";;;", "q=1", "/", "*", "*/json", "a/b/c", "application/json;q=abc", "application/json;q=1.5",
        "application/json;q=-1", "\"", "\"application/json", "application/json;q=", "\"\\", "\xff\xfe/\x80", "=;=,="}) {
    EXPECT_EQ(OnTextPort(garbage), "prometheus") << garbage;
  }
  EXPECT_EQ(OnTextPort("garbage, ;;, application/json, /"), "json");
  EXPECT_EQ(OnTextPort("application/json;a=\",text/plain;q=0.1,\";q=0.7, text/plain;q=0.5"), "json");
}

TEST(AcceptTest, TenThousandItemsAreBounded) {
  std::string accept;
  for (int i = 0; i < 10'000; ++i) accept += "a/b;q=0.1,";
  EXPECT_EQ(OnTextPort(accept + "application/json"), "prometheus") << "past the bound nothing is looked at";

  size_t visited = 0;
  ForEachPreference(accept, [&visited](const Preference&) { ++visited; });
  EXPECT_EQ(visited, kMaxPreferences);
}

TEST(ParseQTest, TakesQValuesAndNothingElse) {
  EXPECT_EQ(ParseQ("0"), 0);
  EXPECT_EQ(ParseQ("1"), 1000);
  EXPECT_EQ(ParseQ("0."), 0);
  EXPECT_EQ(ParseQ("0.5"), 500);
  EXPECT_EQ(ParseQ("0.123"), 123);
  EXPECT_EQ(ParseQ("0.1239999999999999999999"), 123);
  EXPECT_EQ(ParseQ("1.000"), 1000);
  for (const std::string_view bad : {"", "1.001", "2", "00", ".5", "0,5", "0.5 ", " 0", "-0", "+1", "0x1", "nan"}) {
    EXPECT_EQ(ParseQ(bad), -1) << bad;
  }
}

}  // namespace
}  // namespace toolvitals
