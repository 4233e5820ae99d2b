// What becomes of lines in the process's families, with bounds and with threads. Floor: ingest.
#include "ingest/ingest_recorder.h"

#include <gtest/gtest.h>

#include <string>

#include "base/testing.h"
#include "ingest/ingest_fixture.h"

namespace toolvitals {
namespace {

class IngestRecorderTest : public IngestFixture {
 protected:
  void Send(std::string_view line) { recorder_->OnLine(line); }
};

TEST_F(IngestRecorderTest, Operations) {
  Send(R"({"operation_type":"upload","success":true,"duration_ms":250,"object_size":1000})");
  Send(R"({"operation_type":"upload","success":true,"duration_ms":500,"object_size":24})");
  Send(R"({"operation_type":"upload","success":false,"duration_ms":250,"labels":{"region":"eu"}})");
  Send(R"({"operation_type":"list","success":true,"duration_ms":0})");
  EXPECT_EQ(Value(R"(operation_duration_seconds{operation_type="upload"})"), 3);
  EXPECT_EQ(Value(R"(operation_duration_seconds_sum{operation_type="upload"})"), 1);
  EXPECT_EQ(Value(R"(operation_duration_seconds{operation_type="list"})"), 1);
  EXPECT_EQ(Value(R"(operation_object_size_bytes{operation_type="upload"})"), 2);
  EXPECT_EQ(Value(R"(operation_object_size_bytes_sum{operation_type="upload"})"), 1024);
  EXPECT_EQ(Value(R"(operation_bytes{operation_type="upload"})"), 1024);
  EXPECT_EQ(Value(R"(operations{operation_type="upload",outcome="success"})"), 2);
  EXPECT_EQ(Value(R"(operations{operation_type="upload",outcome="error"})"), 1);
  EXPECT_EQ(Value(R"(operations{operation_type="list",outcome="success"})"), 1);
  EXPECT_EQ(Value(R"(operation_bytes{operation_type="list"})"), -1) << "it said no size";
  EXPECT_EQ(Lines("accepted"), 4);
}

TEST_F(IngestRecorderTest, Values) {
  Send(R"({"counter":"jobs","value":2})");
  Send(R"({"counter":"jobs_total","value":0.5})");
  Send(R"({"gauge":"depth","value":7,"labels":{"queue":"a"}})");
  Send(R"({"gauge":"depth","value":-3,"labels":{"queue":"a"}})");
  Send(R"({"observe":"wait_seconds","value":0.25})");
  Send(R"({"observe":"wait_seconds","value":-1})");
  EXPECT_EQ(Value("jobs"), 2.5);
  EXPECT_EQ(Value(R"(depth{queue="a"})"), -3);
  EXPECT_EQ(Value("wait_seconds"), 2);
  EXPECT_EQ(Value("wait_seconds_sum"), -0.75);
  EXPECT_EQ(Lines("accepted"), 6);
}

TEST_F(IngestRecorderTest, LabelsInAnotherOrderAreTheSameSeries) {
  Send(R"({"counter":"c","value":1,"labels":{"a":"1","b":"2"}})");
  Send(R"({"counter":"c","value":1,"labels":{"b":"2","a":"1"}})");
  EXPECT_EQ(Value(R"(c{a="1",b="2"})"), 2);
}

TEST_F(IngestRecorderTest, LabelsMayDifferFromLineToLine) {
  for (const char* line : {R"({"counter":"c","value":1,"labels":{"a":"1"}})", R"({"counter":"c","value":2})",
                           R"({"counter":"c","value":4,"labels":{"b":"1"}})",
                           R"({"counter":"c","value":8,"labels":{"a__b":"1","a":"1"}})"}) {
    Send(line);
  }
  EXPECT_EQ(Lines("accepted"), 4);
  EXPECT_EQ(Value(R"(c{a="1"})"), 1);
  EXPECT_EQ(Value("c"), 2);
  EXPECT_EQ(Value(R"(c{b="1"})"), 4);
  EXPECT_EQ(Value(R"(c{a="1",a__b="1"})"), 8);
}

TEST_F(IngestRecorderTest, AMetricKeepsItsTypeAndItsName) {
  Send(R"({"counter":"c","value":1,"labels":{"a":"1"}})");
  const char* conflicts[] = {
      R"({"gauge":"c","value":1,"labels":{"a":"1"}})",
      R"({"gauge":"c_total","value":1})",
      R"({"gauge":"c_created","value":1})",
      R"({"observe":"operation_duration_seconds","value":1})",
      R"({"counter":"operations_total","value":1,"labels":{"operation_type":"x","outcome":"success"}})",
      R"({"gauge":"operation_duration_seconds_count","value":1})",
      R"({"gauge":"active_users","value":1})",
      R"({"counter":"tool_calls_total","value":1})",
      R"({"gauge":"tool_call_duration_seconds_bucket","value":1})",
      R"({"gauge":"process_open_fds","value":1})",
      R"({"counter":"python_gc_collections_total","value":1})",
      R"({"counter":"toolvitals_ipc_lines_total","value":1})",
  };
  for (const char* line : conflicts) Send(line);
  EXPECT_EQ(Lines("conflict"), std::size(conflicts));
  EXPECT_EQ(Value(R"(c{a="1"})"), 1);
  Send(R"({"observe":"o","value":1,"labels":{"le":"1"}})");
  EXPECT_EQ(Lines("labels"), 1);
  Send(R"({"counter":"_total","value":1})");
  EXPECT_EQ(Lines("name"), 1);
  Send(R"({"gauge":"g","value":1,"labels":{"le":"1"}})");
  EXPECT_EQ(Value(R"(g{le="1"})"), 1);
}

TEST_F(IngestRecorderTest, FamiliesAreBounded) {
  for (size_t i = 0; i < kMaxIngestFamilies + 5; ++i) {
    Send(R"({"counter":"c)" + std::to_string(i) + R"(","value":1})");
  }
  EXPECT_EQ(Lines("accepted"), kMaxIngestFamilies);
  EXPECT_EQ(Lines("families"), 5);
  Send(R"({"counter":"c0","value":1})");
  EXPECT_EQ(Value("c0"), 2);
}

TEST_F(IngestRecorderTest, SeriesOfAFamilyAreBoundedAndItsTotalIsExact) {
  for (size_t i = 0; i < kMaxSeriesPerIngestFamily + 5; ++i) {
    Send(R"({"counter":"c","value":2,"labels":{"id":")" + std::to_string(i) + R"("}})");
  }
  EXPECT_EQ(Lines("accepted"), kMaxSeriesPerIngestFamily + 5);
  double total = 0, series = 0;
  for (const auto& [name, value] : Values()) {
    if (!name.starts_with("c{")) continue;
    total += value;
    ++series;
  }
  EXPECT_EQ(total, 2 * (kMaxSeriesPerIngestFamily + 5));
  EXPECT_EQ(series, kMaxSeriesPerIngestFamily + 1) << "and the overflow series";
}

TEST_F(IngestRecorderTest, UsersAreActiveForFiveMinutes) {
  const auto operate = [&](const std::string& user) {
    Send(R"({"operation_type":"get","success":true,"duration_ms":1,"labels":{"user":")" + user + R"("}})");
  };
  EXPECT_EQ(Value("active_users"), 0);
  operate("ann");
  operate("bob");
  operate("ann");
  operate("");
  EXPECT_EQ(Value("active_users"), 2);
  now_ns_ = 299'000'000'000;
  operate("bob");
  now_ns_ = 300'000'000'000;
  recorder_->Refresh();
  EXPECT_EQ(Value("active_users"), 1);
  now_ns_ = 900'000'000'000;
  recorder_->Refresh();
  EXPECT_EQ(Value("active_users"), 0);
}

TEST_F(IngestRecorderTest, BadLinesAreCounted) {
  Send("nonsense");
  Send("[]");
  recorder_->OnBadLine(IngestResult::kLineTooLong);
  EXPECT_EQ(Lines("json"), 1);
  EXPECT_EQ(Lines("not_object"), 1);
  EXPECT_EQ(Lines("line_too_long"), 1);
  EXPECT_EQ(Lines("accepted"), 0) << "every result is there from the start";
}

TEST_F(IngestRecorderTest, ThreadsAddUpExactly) {
  constexpr size_t kThreads = 4;
  const size_t count = Repetitions(5000);
  RunThreads(kThreads, [&](size_t) {
    for (size_t i = 0; i < count; ++i) {
      Send(R"({"counter":"c","value":1})");
      Send(R"({"operation_type":"get","success":true,"duration_ms":1,"object_size":3})");
    }
  });
  EXPECT_EQ(Value("c"), kThreads * count);
  EXPECT_EQ(Value(R"(operation_bytes{operation_type="get"})"), 3 * kThreads * count);
  EXPECT_EQ(Lines("accepted"), 2 * kThreads * count);
}

TEST_F(IngestRecorderTest, AForkedChildHasItsOwnUsers) {
  Send(R"({"operation_type":"get","success":true,"duration_ms":1,"labels":{"user":"ann"}})");
  recorder_->AddConnections(2);
  recorder_->Pause();
  recorder_->Resume();
  EXPECT_EQ(Value("toolvitals_ipc_connections"), 2);
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);  // as SetForkHook() has it
  recorder_->Pause();
  recorder_->StartAfreshInChild();
  EXPECT_EQ(Value("toolvitals_ipc_connections"), 0);
  EXPECT_EQ(Value("active_users"), 0);
  Send(R"({"counter":"c","value":1})");
  EXPECT_EQ(Value("c"), 1);
}

class IngestRecorderLabelsTest : public IngestFixture {
 protected:
  IngestRecorderLabelsTest() : IngestFixture({"region", "user"}) {}
};

TEST_F(IngestRecorderLabelsTest, ListedLabelsAreLabelsOfTheMetrics) {
  recorder_->OnLine(R"({"operation_type":"get","success":true,"duration_ms":1,"object_size":5,)"
                    R"("labels":{"user":"ann","region":"eu"}})");
  recorder_->OnLine(R"({"operation_type":"get","success":false,"duration_ms":1,"labels":{"zone":"z"}})");
  EXPECT_EQ(Value(R"(operations{operation_type="get",outcome="success",region="eu",user="ann"})"), 1);
  EXPECT_EQ(Value(R"(operations{operation_type="get",outcome="error",region="",user=""})"), 1);
  EXPECT_EQ(Value(R"(operation_bytes{operation_type="get",region="eu",user="ann"})"), 5);
  EXPECT_EQ(Value(R"(operation_duration_seconds{operation_type="get",region="eu",user="ann"})"), 1);
  EXPECT_EQ(Value("active_users"), 1);
}

TEST_F(InstrumentFixture, LabelsThatOperationsCannotHave) {
  const std::vector<std::string> cases[] = {{"outcome"},
                                            {"operation_type"},
                                            {"le"},
                                            {"a", "a"},
                                            {""},
                                            {"a-b"},
                                            {"__a"},
                                            {"1a"},
                                            std::vector<std::string>(9, "a")};
  for (const std::vector<std::string>& labels : cases) {
    EXPECT_TRUE(absl::IsInvalidArgument(IngestRecorder::Create(store_, {.operation_labels = labels}).status()))
        << labels[0];
  }
}

class SmallStoreTest : public ::testing::Test {};

TEST_F(SmallStoreTest, AFullStoreIsCountedAndGoesOn) {
  const std::unique_ptr<Segment> segment = *Segment::CreateAnonymous(1 << 20);
  SeriesBudget budget(*segment, 10'000);
  absl::Mutex mutex;
  InstrumentStore store(*segment, budget, mutex);
  auto made = IngestRecorder::Create(store, {});
  ASSERT_TRUE(made.ok()) << made.status();
  for (int i = 0; i < 900; ++i) {
    (*made)->OnLine(R"({"observe":"o)" + std::to_string(i) + R"(","value":1,"labels":{"a":")" + std::string(1000, 'x') +
                    R"("}})");
  }
  FamilyReader reader(*segment, kDefaultRegistry);
  std::vector<FamilySnapshot> families;
  reader.Read(QuantileMethod::kExclusive, families);
  double accepted = 0, refused = 0, observed = 0;
  for (const FamilySnapshot& family : families) {
    if (family.info->name.starts_with("o") && family.info->name[1] < 'a') {
      for (const uint64_t count : family.counts) observed += static_cast<double>(count);
    }
    if (family.info->name != "toolvitals_ipc_lines") continue;
    for (size_t i = 0; i < family.labels->size(); ++i) {
      const std::string& text = (*family.labels)[i]->text;
      if (text == R"(result="accepted")") accepted = family.values[i].AsDouble();
      if (text == R"(result="no_memory")") refused = family.values[i].AsDouble();
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_EQ(accepted + refused, 900);
  EXPECT_EQ(observed, accepted);
}

}  // namespace
}  // namespace toolvitals
