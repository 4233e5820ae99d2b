// prometheus-cpp's own registry at our endpoints, and our collector in its model, compared by its own serializer.
// Floor: bridge.
#include "toolvitals/prometheus_cpp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/testing.h"
#include "bridge/api.h"
#include "collector/collector.h"
#include "render/prometheus_text.h"
#include "render/render_options.h"
#include "snapshot/collect.h"
#include "sources/collector_records.h"
#include "sources/source_list.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const Snapshot> ReadGlobal() {
  return SnapshotReader(Collector::Global(), &SourceList::Global()).Read();
}

std::string Text() {
  std::string text;
  RenderPrometheusText(*ReadGlobal(), text);
  return text;
}

std::string Serialized(const std::vector<prometheus::MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

// Counts what it is asked.
class Fixed : public prometheus::Collectable {
 public:
  explicit Fixed(std::function<std::vector<prometheus::MetricFamily>()> collect) : collect_(std::move(collect)) {}
  std::vector<prometheus::MetricFamily> Collect() const override { return collect_(); }

 private:
  const std::function<std::vector<prometheus::MetricFamily>()> collect_;
};

prometheus::MetricFamily Family(std::string name, prometheus::MetricType type, size_t series = 1) {
  prometheus::MetricFamily family;
  family.name = std::move(name);
  family.help = "Help.";
  family.type = type;
  family.metric.resize(series);
  return family;
}

class PrometheusCppTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(Collector::InitGlobal().ok()); }
};

TEST_F(PrometheusCppTest, ARegistryIsShownAsItsOwnSerializerWritesIt) {
  const auto registry = std::make_shared<prometheus::Registry>();
  auto& counters = prometheus::BuildCounter().Name("their_requests_total").Help("Requests.").Register(*registry);
  counters.Add({{"path", "/a\"b\\\n"}}).Increment(3);
  counters.Add({{"path", "ключ"}}).Increment(0.5);
  prometheus::BuildGauge().Name("their_level").Help("Level.").Register(*registry).Add({}).Set(-1.5);
  auto& histogram = prometheus::BuildHistogram()
                        .Name("their_seconds")
                        .Help("Time.")
                        .Register(*registry)
                        .Add({{"kind", "x"}}, prometheus::Histogram::BucketBoundaries{0.5, 1, 2});
  for (const double value : {0.1, 0.7, 1.0, 9.0}) histogram.Observe(value);
  auto& summary = prometheus::BuildSummary()
                      .Name("their_bytes")
                      .Help("Bytes.")
                      .Register(*registry)
                      .Add({}, prometheus::Summary::Quantiles{{0.5, 0.01}});
  summary.Observe(10);

  {
    const CollectableSource source(GlobalApi(), registry);
    // Through our model and back: what their serializer writes of each family is what it was.
    const std::string shown = Serialized(ToolvitalsCollectable(GlobalApi()).Collect());
    for (const prometheus::MetricFamily& family : registry->Collect()) {
      EXPECT_TRUE(absl::StrContains(shown, Serialized({family}))) << Serialized({family});
    }
    const std::string text = Text();
    for (const char* line :
         {"their_requests_total{path=\"/a\\\"b\\\\\\n\"} 3.0\n", "their_requests_total{path=\"ключ\"} 0.5\n",
          "their_level -1.5\n", "their_seconds_bucket{kind=\"x\",le=\"1.0\"} 3\n",
          "their_seconds_bucket{kind=\"x\",le=\"+Inf\"} 4\n", "their_seconds_count{kind=\"x\"} 4\n",
          "their_bytes{quantile=\"0.5\"} 10.0\n", "their_bytes_count 1\n"}) {
      EXPECT_TRUE(absl::StrContains(text, line)) << line;
    }
    counters.Add({{"path", "ключ"}}).Increment();
    EXPECT_THAT(Text(), HasSubstr("their_requests_total{path=\"ключ\"} 1.5\n"));
  }
  EXPECT_THAT(Text(), Not(HasSubstr("their_")));
}

TEST_F(PrometheusCppTest, OursIsACollectable) {
  Collector& collector = Collector::Global();
  ToolMetrics& tool = collector.Tool("bridged");
  for (int i = 0; i < 3; ++i) tool.Record<Writers::kConcurrent>(tool.outcome(Outcome::kSuccess), 15);
  Add<Writers::kConcurrent>(collector.Cache("bridged").cell().hits, 1);
  const ToolvitalsCollectable ours(GlobalApi());
  const std::vector<prometheus::MetricFamily> families = ours.Collect();
  const auto named = [&](std::string_view name) {
    return std::find_if(families.begin(), families.end(), [&](const auto& family) { return family.name == name; });
  };
  const std::string text = Serialized(families);
  EXPECT_THAT(text, HasSubstr("tool_calls_total{tool=\"bridged\",outcome=\"success\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("cache_requests_total{cache=\"bridged\",result=\"hit\"} 1\n"));
  EXPECT_EQ(named("tool_calls_total")->type, prometheus::MetricType::Counter);
  const auto durations = named("tool_call_duration_seconds");
  ASSERT_NE(durations, families.end());
  EXPECT_EQ(durations->type, prometheus::MetricType::Histogram);
  const auto& histogram = durations->metric.back().histogram;
  EXPECT_EQ(histogram.sample_count, 3u);
  EXPECT_NEAR(histogram.sample_sum, 0.045, 1e-9);
  EXPECT_EQ(histogram.bucket.back().cumulative_count, 3u);
  EXPECT_TRUE(std::isinf(histogram.bucket.back().upper_bound));
  EXPECT_EQ(named("toolvitals_build_info")->type, prometheus::MetricType::Gauge);
  // No family is there twice, and none is empty.
  std::set<std::string> names;
  for (const auto& family : families) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
  }
}

TEST_F(PrometheusCppTest, WhatComesInGoesOut) {
  const auto registry = std::make_shared<prometheus::Registry>();
  prometheus::BuildGauge().Name("passed_through").Help("Help.").Register(*registry).Add({{"a", "b"}}).Set(7);
  const CollectableSource source(GlobalApi(), registry);
  EXPECT_THAT(Serialized(ToolvitalsCollectable(GlobalApi()).Collect()), HasSubstr("passed_through{a=\"b\"} 7"));
  EXPECT_THAT(Serialized(ToolvitalsCollectable(GlobalApi(), false).Collect()), Not(HasSubstr("passed_through")));
}

uint64_t NativeFailures() {
  for (const CollectorSnapshot& collector : CollectorRecords::Global().Read()) {
    if (collector.name == CollectorRecords::kNativeName) return collector.failures;
  }
  return 0;
}

TEST_F(PrometheusCppTest, OneThatThrowsShowsNothingAndIsCounted) {
  const uint64_t failures = NativeFailures();
  const auto broken = std::make_shared<Fixed>([]() -> std::vector<prometheus::MetricFamily> { throw 1; });
  const auto whole =
      std::make_shared<Fixed>([] { return std::vector{Family("still_there", prometheus::MetricType::Gauge)}; });
  const CollectableSource first(GlobalApi(), broken), second(GlobalApi(), whole);
  EXPECT_THAT(Text(), HasSubstr("still_there 0.0"));
  EXPECT_EQ(NativeFailures(), failures + 1);
}

TEST_F(PrometheusCppTest, OneThatIsGoneShowsNothing) {
  auto fixed = std::make_shared<Fixed>([] { return std::vector{Family("soon_gone", prometheus::MetricType::Gauge)}; });
  const CollectableSource source(GlobalApi(), fixed);
  EXPECT_THAT(Text(), HasSubstr("soon_gone 0.0"));
  fixed.reset();
  EXPECT_THAT(Text(), Not(HasSubstr("soon_gone")));
}

TEST_F(PrometheusCppTest, OddFamilies) {
  const auto fixed = std::make_shared<Fixed>([] {
    // A counter that OpenMetrics would rename, a histogram whose series differ in their bounds and count backwards, a
    // family without a series, one without a name, and two of one name.
    std::vector<prometheus::MetricFamily> families = {Family("plain_counter", prometheus::MetricType::Counter),
                                                      Family("uneven", prometheus::MetricType::Histogram, 2),
                                                      Family("no_series", prometheus::MetricType::Gauge, 0),
                                                      Family("", prometheus::MetricType::Gauge),
                                                      Family("twice", prometheus::MetricType::Gauge),
                                                      Family("twice", prometheus::MetricType::Gauge)};
    families[0].metric[0].counter.value = 4;
    families[0].metric[0].timestamp_ms = 1234;
    auto& uneven = families[1].metric;
    uneven[0].label = {{"n", "0"}};
    uneven[0].histogram.bucket = {{5, 1}, {3, 2}};
    uneven[0].histogram.sample_count = 4;
    uneven[1].label = {{"n", "1"}};
    uneven[1].histogram.bucket = {{1, 8}, {2, std::numeric_limits<double>::infinity()}};
    uneven[1].histogram.sample_count = 2;
    uneven[1].histogram.sample_sum = std::numeric_limits<double>::quiet_NaN();
    return families;
  });
  const CollectableSource source(GlobalApi(), fixed);
  const std::string text = Text();
  EXPECT_THAT(text, HasSubstr("# TYPE plain_counter untyped\nplain_counter 4.0 1234\n"));
  EXPECT_THAT(text, HasSubstr("uneven_bucket{n=\"0\",le=\"1.0\"} 5\nuneven_bucket{n=\"0\",le=\"2.0\"} 5\n"
                              "uneven_bucket{n=\"0\",le=\"+Inf\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("uneven_bucket{n=\"1\",le=\"8.0\"} 1\nuneven_bucket{n=\"1\",le=\"+Inf\"} 2\n"
                              "uneven_count{n=\"1\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("no_series")));
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(text, "\ntwice ")).size(), 2u);
}

TEST_F(PrometheusCppTest, AnotherVersionIsRefused) {
  toolvitals_api other = GlobalApi();
  other.version = TOOLVITALS_API_VERSION + 1;
  EXPECT_THROW(CollectableSource(other, std::weak_ptr<prometheus::Collectable>()), std::runtime_error);
  EXPECT_THROW(ToolvitalsCollectable{other}, std::runtime_error);
}

TEST_F(PrometheusCppTest, AVisitorEndsTheVisit) {
  int families = 0;
  const toolvitals_visitor visitor = {&families,
                                      [](void* context, toolvitals_text, toolvitals_text, toolvitals_type) {
                                        return ++*static_cast<int*>(context) == 2 ? 7 : 0;
                                      },
                                      [](void*, const toolvitals_series*) { return 0; }};
  EXPECT_EQ(GlobalApi().collect(&visitor, 1), 7);
  EXPECT_EQ(families, 2);
}

TEST_F(PrometheusCppTest, SourcesComeAndGoWhileOthersAreCollected) {
  const auto fixed =
      std::make_shared<Fixed>([] { return std::vector{Family("fleeting", prometheus::MetricType::Gauge)}; });
  RunThreads(4, [&](size_t thread) {
    for (uint64_t i = 0; i < Repetitions(500); ++i) {
      if (thread % 2 == 0) {
        const CollectableSource source(GlobalApi(), fixed);
      } else {
        ToolvitalsCollectable(GlobalApi()).Collect();
      }
    }
  });
  EXPECT_THAT(Text(), Not(HasSubstr("fleeting")));
}

}  // namespace
}  // namespace toolvitals
