// What the three text dialects differ in, and the series that no family has yet.
// Floor: render.
#include "render/text_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "render/prometheus_text.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

template <typename Write>
std::string Written(TextDialect dialect, Escaping escaping, Write write) {
  std::string out;
  {
    Writer writer(out);
    TextSink sink(dialect, escaping, writer);
    write(sink);
    sink.Finish();
  }
  return out;
}

std::string OpenMetrics(const Snapshot& snapshot, const RenderOptions& options = {}) {
  std::string out;
  RenderOpenMetrics(snapshot, options, out);
  return out;
}

std::string Text1(const Snapshot& snapshot, const RenderOptions& options = {}) {
  std::string out;
  RenderPrometheusText1(snapshot, options, out);
  return out;
}

TEST(TextSinkTest, OpenMetricsIsGolden) {
  const std::string actual = OpenMetrics(testing::ExampleSnapshot());
  EXPECT_EQ(actual, testing::Golden("example.om", actual));
}

TEST(TextSinkTest, Text1IsGolden) {
  Snapshot snapshot = testing::ExampleSnapshot();
  snapshot.name_prefix = "my.app_";
  RenderOptions options;
  options.escaping = Escaping::kAllowUtf8;
  const std::string actual = Text1(snapshot, options);
  EXPECT_EQ(actual, testing::Golden("example_utf8.prom", actual));
}

TEST(TextSinkTest, Text1WithLegacyNamesIsText0) {
  std::string text0;
  RenderPrometheusText(testing::ExampleSnapshot(), text0);
  EXPECT_EQ(Text1(testing::ExampleSnapshot()), text0);
}

TEST(TextSinkTest, InfoAndUnknownAreNamedByTheDialect) {
  const auto write = [](TextSink& sink) {
    sink.Begin({"", "a", FamilyType::kInfo, "i\"\n"});
    const Label version = {"version", "1"};
    sink.Info({sink.Encode({&version, 1})});
    sink.End();
    sink.Begin({"", "b", FamilyType::kUnknown, "u"});
    sink.Value({}, 0.5);
    sink.End();
  };
  EXPECT_EQ(Written(TextDialect::kOpenMetrics, Escaping::kUnderscores, write),
            "# HELP a i\\\"\\n\n# TYPE a info\na_info{version=\"1\"} 1\n# HELP b u\n# TYPE b unknown\nb 0.5\n# EOF\n");
  EXPECT_EQ(Written(TextDialect::kPrometheus, Escaping::kUnderscores, write),
            "# HELP a_info i\"\\n\n# TYPE a_info gauge\na_info{version=\"1\"} 1\n"
            "# HELP b u\n# TYPE b untyped\nb 0.5\n");
}

TEST(TextSinkTest, OpenMetricsHasNoSumThatMayFall) {
  const auto written = [](TextDialect dialect, double bound, double sum) {
    return Written(dialect, Escaping::kUnderscores, [&](TextSink& sink) {
      sink.Begin({"", "h", FamilyType::kHistogram, "Help."});
      const std::vector<double> bounds = {bound};
      const std::vector<uint64_t> buckets = {1, 0};
      HistogramValue value;
      value.bounds = bounds;
      value.buckets = buckets;
      value.sum = sum;
      sink.Histogram({}, value);
      sink.End();
    });
  };
  using ::testing::HasSubstr;
  using ::testing::Not;
  EXPECT_THAT(written(TextDialect::kOpenMetrics, 0, 0), HasSubstr("h_sum 0.0\nh_count 1\n"));
  for (const auto& [bound, sum] : {std::pair(-1.0, 2.0), std::pair(0.0, -1.0), std::pair(0.0, kAbsent)}) {
    EXPECT_THAT(written(TextDialect::kOpenMetrics, bound, sum), Not(HasSubstr("h_sum")));
    EXPECT_THAT(written(TextDialect::kOpenMetrics, bound, sum), Not(HasSubstr("h_count")));
    EXPECT_THAT(written(TextDialect::kPrometheus, bound, sum), HasSubstr("h_count 1\n"));
  }
  EXPECT_THAT(written(TextDialect::kPrometheus, -1, -2), HasSubstr("h_sum -2"));
}

TEST(TextSinkTest, QuotedNamesStandInTheBraces) {
  const std::vector<double> bounds = {1};
  const std::vector<uint64_t> buckets = {2, 3};
  const auto write = [&](TextSink& sink) {
    const Label dotted = {"la.bel", "v"};
    const EncodedLabels labels = sink.Encode({&dotted, 1});
    sink.Begin({"a.", "b", FamilyType::kHistogram, "h"});
    sink.Histogram({}, {bounds, buckets, 4});
    sink.Histogram({labels}, {bounds, buckets, 4});
    sink.End();
  };
  EXPECT_EQ(Written(TextDialect::kPrometheus, Escaping::kAllowUtf8, write),
            "# HELP \"a.b\" h\n# TYPE \"a.b\" histogram\n"
            "{\"a.b_bucket\",le=\"1.0\"} 2\n{\"a.b_bucket\",le=\"+Inf\"} 5\n{\"a.b_sum\"} 4.0\n{\"a.b_count\"} 5\n"
            "{\"a.b_bucket\",\"la.bel\"=\"v\",le=\"1.0\"} 2\n{\"a.b_bucket\",\"la.bel\"=\"v\",le=\"+Inf\"} 5\n"
            "{\"a.b_sum\",\"la.bel\"=\"v\"} 4.0\n{\"a.b_count\",\"la.bel\"=\"v\"} 5\n");
  EXPECT_EQ(Written(TextDialect::kPrometheus, Escaping::kUnderscores, write),
            "# HELP a_b h\n# TYPE a_b histogram\n"
            "a_b_bucket{le=\"1.0\"} 2\na_b_bucket{le=\"+Inf\"} 5\na_b_sum 4.0\na_b_count 5\n"
            "a_b_bucket{la_bel=\"v\",le=\"1.0\"} 2\na_b_bucket{la_bel=\"v\",le=\"+Inf\"} 5\n"
            "a_b_sum{la_bel=\"v\"} 4.0\na_b_count{la_bel=\"v\"} 5\n");
}

TEST(TextSinkTest, FiltersByTheNamesOfFamiliesAndSamples) {
  const Snapshot snapshot = testing::ExampleSnapshot();
  RenderOptions options;
  options.filtered = true;
  EXPECT_EQ(Text1(snapshot, options), "");
  EXPECT_EQ(OpenMetrics(snapshot, options), "# EOF\n");
  options.names = {"unheard_of"};
  EXPECT_EQ(Text1(snapshot, options), "");
  for (const char* const name : {"tool_call_duration_seconds", "tool_call_duration_seconds_bucket",
                                 "tool_call_duration_seconds_sum", "tool_call_duration_seconds_count"}) {
    options.names = {name};
    EXPECT_EQ(Text1(snapshot, options).find("# HELP tool_call_duration_seconds "), 0u) << name;
  }
  options.names = {"process_cpu_seconds_total", "toolvitals_series"};
  EXPECT_EQ(Text1(snapshot, options),
            "# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.\n"
            "# TYPE process_cpu_seconds_total counter\nprocess_cpu_seconds_total 0.5\n"
            "# HELP toolvitals_series Label sets in the store.\n# TYPE toolvitals_series gauge\ntoolvitals_series 9\n");
}

}  // namespace
}  // namespace toolvitals
