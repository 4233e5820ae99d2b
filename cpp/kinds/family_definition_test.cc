// What a family may be, to the last allowed value on either side; and its bytes. Floor: kinds.
#include "kinds/family_definition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

using ::testing::HasSubstr;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

FamilyDefinition Define(InstrumentKind kind) {
  FamilyDefinition definition;
  definition.kind = kind;
  definition.name = "name";
  if (kind == InstrumentKind::kHistogram) definition.bounds = {1, 2};
  if (kind == InstrumentKind::kStateSet) definition.states = {"on", "off"};
  return definition;
}

testing::AssertionResult Allowed(const FamilyDefinition& definition) {
  const absl::Status status = CheckDefinition(definition);
  if (status.ok()) return testing::AssertionSuccess();
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_FALSE(status.message().empty());
  return testing::AssertionFailure() << status;
}

std::string Refusal(const FamilyDefinition& definition) { return std::string(CheckDefinition(definition).message()); }

TEST(CheckDefinitionTest, EveryKindIsAllowedAndNoneIsNot) {
  for (const InstrumentKind kind : {InstrumentKind::kCounter, InstrumentKind::kGauge, InstrumentKind::kHistogram,
                                    InstrumentKind::kSummary, InstrumentKind::kInfo, InstrumentKind::kStateSet}) {
    EXPECT_TRUE(Allowed(Define(kind)));
  }
  EXPECT_FALSE(Allowed(Define(InstrumentKind::kNone)));
  EXPECT_FALSE(Allowed(Define(static_cast<InstrumentKind>(99))));
}

TEST(CheckDefinitionTest, TextsAreBoundedAndUtf8) {
  const auto with = [](auto FamilyDefinition::*text, std::string value) {
    FamilyDefinition definition = Define(InstrumentKind::kCounter);
    definition.*text = std::move(value);
    return definition;
  };
  EXPECT_FALSE(Allowed(with(&FamilyDefinition::name, "")));
  EXPECT_TRUE(Allowed(with(&FamilyDefinition::help, "")));
  EXPECT_TRUE(Allowed(with(&FamilyDefinition::name, "any name. \xC3\xA9")));
  for (const auto& [text, most] :
       {std::pair(&FamilyDefinition::name, kMaxMetricNameBytes), std::pair(&FamilyDefinition::help, kMaxHelpBytes),
        std::pair(&FamilyDefinition::unit, kMaxNameBytes)}) {
    EXPECT_TRUE(Allowed(with(text, std::string(most, 'x'))));
    EXPECT_THAT(Refusal(with(text, std::string(most + 1, 'x'))), HasSubstr(std::to_string(most + 1)));
    EXPECT_THAT(Refusal(with(text, "\xFF")), HasSubstr("UTF-8"));
    EXPECT_FALSE(Allowed(with(text, "\xED\xA0\x80")));  // A surrogate.
  }
}

TEST(CheckDefinitionTest, LabelNames) {
  const auto with = [](std::vector<std::string> names, InstrumentKind kind = InstrumentKind::kCounter) {
    FamilyDefinition definition = Define(kind);
    definition.label_names = std::move(names);
    return definition;
  };
  std::vector<std::string> many;
  for (size_t i = 0; i < kMaxLabels; ++i) many.push_back(absl::StrCat("l", i));
  EXPECT_TRUE(Allowed(with(many)));
  many.push_back("more");
  EXPECT_FALSE(Allowed(with(many)));
  EXPECT_TRUE(Allowed(with({std::string(kMaxNameBytes, 'x')})));
  EXPECT_FALSE(Allowed(with({std::string(kMaxNameBytes + 1, 'x')})));
  EXPECT_FALSE(Allowed(with({""})));
  EXPECT_FALSE(Allowed(with({"\xC3"})));
  EXPECT_FALSE(Allowed(with({"a", "b", "a"})));
  EXPECT_FALSE(Allowed(with({"__name__"})));
  EXPECT_TRUE(Allowed(with({"_a"})));
  // What a type keeps for itself is any other's.
  for (const InstrumentKind kind : {InstrumentKind::kCounter, InstrumentKind::kGauge, InstrumentKind::kHistogram,
                                    InstrumentKind::kSummary, InstrumentKind::kInfo, InstrumentKind::kStateSet}) {
    EXPECT_EQ(CheckDefinition(with({"le"}, kind)).ok(), kind != InstrumentKind::kHistogram);
    EXPECT_EQ(CheckDefinition(with({"quantile"}, kind)).ok(), kind != InstrumentKind::kSummary);
    EXPECT_EQ(CheckDefinition(with({"name"}, kind)).ok(), kind != InstrumentKind::kStateSet);
  }
}

TEST(CheckDefinitionTest, Bounds) {
  const auto with = [](std::vector<double> bounds) {
    FamilyDefinition definition = Define(InstrumentKind::kHistogram);
    definition.bounds = std::move(bounds);
    return definition;
  };
  std::vector<double> many;
  for (size_t i = 0; i < kMaxHistogramBounds; ++i) many.push_back(static_cast<double>(i));
  EXPECT_TRUE(Allowed(with(many)));
  many.push_back(1e9);
  EXPECT_FALSE(Allowed(with(many)));
  EXPECT_TRUE(Allowed(with({-1e308, 0, 5e-324, 1e308})));
  for (const std::vector<double>& wrong : std::vector<std::vector<double>>{
           {}, {1, 1}, {2, 1}, {kNan}, {1, kNan}, {kInfinity}, {1, kInfinity}, {-kInfinity, 1}, {0.0, -0.0}}) {
    EXPECT_FALSE(Allowed(with(wrong)));
  }
}

TEST(CheckDefinitionTest, ExponentialBuckets) {
  const auto with = [](int32_t schema, uint64_t most, double threshold, bool exponential = true) {
    FamilyDefinition definition = Define(InstrumentKind::kHistogram);
    definition.exponential = exponential;
    definition.buckets = {.schema = schema, .max_buckets = most, .zero_threshold = threshold};
    return definition;
  };
  EXPECT_TRUE(Allowed(with(kMinSchema, 2, 0)));
  EXPECT_TRUE(Allowed(with(kMaxSchema, 10'000, 1e300)));
  EXPECT_FALSE(Allowed(with(kMinSchema - 1, 160, 0)));
  EXPECT_FALSE(Allowed(with(kMaxSchema + 1, 160, 0)));
  EXPECT_FALSE(Allowed(with(3, 1, 0)));
  EXPECT_FALSE(Allowed(with(3, 10'001, 0)));
  EXPECT_FALSE(Allowed(with(3, UINT64_MAX, 0)));
  for (const double threshold : {-1.0, -5e-324, kNan, kInfinity, -kInfinity}) {
    EXPECT_FALSE(Allowed(with(3, 160, threshold))) << threshold;
  }
  EXPECT_TRUE(Allowed(with(99, 0, kNan, /*exponential=*/false)));
}

TEST(CheckDefinitionTest, WindowsAndQuantiles) {
  const auto with = [](uint64_t window, std::vector<double> quantiles) {
    FamilyDefinition definition = Define(InstrumentKind::kSummary);
    definition.window_size = window;
    definition.quantiles = std::move(quantiles);
    return definition;
  };
  std::vector<double> all;
  for (int thousandths = 1; thousandths <= 999; ++thousandths) all.push_back(thousandths / 1000.0);
  EXPECT_TRUE(Allowed(with(kMinWindowSize, all)));
  EXPECT_TRUE(Allowed(with(kMaxWindowSize, {0.5})));
  EXPECT_FALSE(Allowed(with(kMinWindowSize - 1, {0.5})));
  EXPECT_FALSE(Allowed(with(kMaxWindowSize + 1, {0.5})));
  EXPECT_FALSE(Allowed(with(UINT64_MAX, {0.5})));
  EXPECT_FALSE(Allowed(with(0, {0.5})));
  EXPECT_FALSE(Allowed(with(100, {})));
  for (const std::vector<double>& wrong : std::vector<std::vector<double>>{
           {0.0},
           {1.0},
           {0.0005},
           {0.9995},
           {0.9999},
           {-0.5},
           {kNan},
           {kInfinity},
           {0.5, 0.5},
           {0.9, 0.5},
           {0.5, kNan},
       }) {
    EXPECT_FALSE(Allowed(with(100, wrong)));
  }
}

TEST(CheckDefinitionTest, States) {
  const auto with = [](std::vector<std::string> states) {
    FamilyDefinition definition = Define(InstrumentKind::kStateSet);
    definition.states = std::move(states);
    return definition;
  };
  EXPECT_TRUE(Allowed(with({""})));
  EXPECT_TRUE(Allowed(with({std::string(kMaxLabelValueBytes, 'x'), "y"})));
  EXPECT_FALSE(Allowed(with({})));
  EXPECT_FALSE(Allowed(with({"a", "b", "a"})));
  EXPECT_FALSE(Allowed(with({std::string(kMaxLabelValueBytes + 1, 'x')})));
  EXPECT_FALSE(Allowed(with({"\xFE"})));
}

TEST(CheckDefinitionTest, AnOpenFamilyHasNoLabelNamesAndShowsNoProcesses) {
  const auto with = [](InstrumentKind kind, GaugeMode mode = GaugeMode::kMostRecent) {
    FamilyDefinition definition = Define(kind);
    definition.is_open = true;
    if (kind == InstrumentKind::kGauge) definition.gauge_mode = mode;
    return definition;
  };
  for (const InstrumentKind kind :
       {InstrumentKind::kCounter, InstrumentKind::kGauge, InstrumentKind::kHistogram, InstrumentKind::kSummary}) {
    EXPECT_TRUE(Allowed(with(kind)));
  }
  EXPECT_THAT(Refusal(with(InstrumentKind::kInfo)), HasSubstr("not attributes"));
  EXPECT_THAT(Refusal(with(InstrumentKind::kStateSet)), HasSubstr("not attributes"));
  EXPECT_THAT(Refusal(with(InstrumentKind::kGauge, GaugeMode::kAll)), HasSubstr("cannot show each process"));
  FamilyDefinition labelled = with(InstrumentKind::kCounter);
  labelled.label_names = {"a"};
  EXPECT_THAT(Refusal(labelled), HasSubstr("no label names"));
}

TEST(IsAlikeTest, AnOpenFamilyIsNoClosedOne) {
  FamilyDefinition open = Define(InstrumentKind::kCounter);
  open.is_open = true;
  EXPECT_TRUE(IsAlike(open, open));
  EXPECT_FALSE(IsAlike(open, Define(InstrumentKind::kCounter)));
}

FamilyDefinition RandomDefinition(Random& random) {
  const auto text = [&] {
    std::string bytes(random.Below(200), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Bits());
    return bytes;
  };
  const auto texts = [&] {
    std::vector<std::string> list(random.Below(5));
    for (std::string& one : list) one = text();
    return list;
  };
  const auto numbers = [&] {
    std::vector<double> list(random.Below(30));
    for (double& one : list) one = static_cast<double>(random.Bits()) * (random.Below(2) == 0 ? 1e-300 : -1.0);
    return list;
  };
  FamilyDefinition definition;
  definition.kind = static_cast<InstrumentKind>(random.Below(7));
  definition.name = text();
  definition.help = text();
  definition.unit = text();
  definition.label_names = texts();
  definition.bounds = numbers();
  definition.states = texts();
  definition.quantiles = numbers();
  definition.window_size = random.Bits();
  definition.ttl_ns = random.Bits();
  definition.exponential = random.Below(2) == 0;
  definition.buckets.schema = static_cast<int32_t>(random.Below(13)) - 4;
  definition.buckets.max_buckets = random.Bits();
  definition.buckets.zero_threshold = random.Unit();
  definition.is_open = random.Below(2) == 0;
  return definition;
}

TEST(PackDefinitionTest, EveryFieldSurvives) {
  Random random(9);
  for (int i = 0; i < 500; ++i) {
    const FamilyDefinition definition = RandomDefinition(random);
    const auto unpacked = UnpackDefinition(PackDefinition(definition));
    ASSERT_TRUE(unpacked.has_value());
    EXPECT_TRUE(*unpacked == definition);
  }
  EXPECT_EQ(UnpackDefinition(PackDefinition(FamilyDefinition())), FamilyDefinition());
}

TEST(PackDefinitionTest, NoBytesLeadAstray) {
  Random random(10);
  const std::string packed = PackDefinition(RandomDefinition(random));
  for (size_t size = 0; size < packed.size(); ++size) {
    EXPECT_EQ(UnpackDefinition(std::string_view(packed).substr(0, size)), std::nullopt) << size;
  }
  for (int i = 0; i < 5000; ++i) {
    std::string changed = packed;
    for (uint64_t count = 1 + random.Below(4); count > 0; --count) {
      changed[random.Below(changed.size())] = static_cast<char>(random.Bits());
    }
    const auto unpacked = UnpackDefinition(changed);
    if (unpacked.has_value()) CheckDefinition(*unpacked).IgnoreError();
  }
}

}  // namespace
}  // namespace toolvitals
