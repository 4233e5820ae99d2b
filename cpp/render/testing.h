// Snapshots for the tests of the renderers: one that shows every feature, and random ones with hostile names.
// Floor: render, tests only.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/snapshot.h"

#ifndef TOOLVITALS_TEST_DATA
#error "The build passes TOOLVITALS_TEST_DATA, the absolute path of tests/data."
#endif

namespace toolvitals::testing {

using Random = std::mt19937_64;

inline std::shared_ptr<const std::vector<double>> Bounds(std::vector<double> bounds) {
  return std::make_shared<const std::vector<double>>(std::move(bounds));
}

// The example of the contract's JSON section, and beside it everything that the example does not show.
inline Snapshot ExampleSnapshot() {
  Snapshot snapshot;
  snapshot.timestamp_us = 1'769'860'800'123'456;
  snapshot.uptime_seconds = 12.5;
  snapshot.window_size = 1000;
  snapshot.duration_bounds = Bounds({0.001, 0.0075, 0.5, 1, 300});

  ToolSnapshot idle;
  idle.name = "idle";
  idle.duration_buckets = {0, 0, 0, 0, 0, 0};

  ToolSnapshot quoted;
  quoted.name = "quote\" slash\\ line\n tab\t caf\xC3\xA9 \xF0\x9F\x98\x80";
  quoted.cancelled_calls = 18'446'744'073'709'551'615u;
  quoted.in_progress = 2;
  quoted.oldest_in_progress_ms = 60000;
  quoted.total_latency_ms = 2e18;
  quoted.window_ms.count = 1;
  quoted.window_ms.mean = quoted.window_ms.min = quoted.window_ms.max = 0.00001;
  quoted.first_item_ms = WindowStats{2, 1.5, 0.7071067811865476, 1, 2, {1.5, 2.25, 2.7, 2.85, 2.97}};
  quoted.duration_buckets = {0, 0, 0, 0, 0, 18'446'744'073'709'551'615u};

  ToolSnapshot search;
  search.name = "search";
  search.successful_calls = 2;
  search.failed_calls = 1;
  search.total_latency_ms = 30.5;
  search.window_ms = {3, 10.166666666666666, 4.536885862938733, 6, 15, {9.5, 15, 18.3, 19.4, 20.28}};
  search.duration_buckets = {0, 1, 2, 0, 0, 0};
  search.error_types = {{"TimeoutError", 1}};

  snapshot.tools = {idle, quoted, search};
  snapshot.caches = {{"files", 0, 0, 2, 5}, {"semantic", 3, 1, 0, 0}};
  snapshot.process = {1, 0.5, 4096, 8192, 7, 1024, 3, 1'769'860'788.25};
  snapshot.python = {"CPython", "3.11.7", "3", "11", "7", {{30, 400, 0}, {2, 50, 0}, {1, 6, 7}}};
  snapshot.self = {"1.2.3",
                   {{"latency_nan", 4}, {"name_empty", 1}},
                   9,
                   65536,
                   10'000,
                   67'108'864,
                   3,
                   0.000125,
                   {{"app.Pool", 2, 1, 30.5, 42.25}, {"queue_length", 0, 0, kAbsent, kAbsent}},
                   5,
                   {{"orders", 7}},
                   {},
                   4,
                   9,
                   1,
                   {{"truncated", 1}},
                   {{"orders", 2}}};
  return snapshot;
}

inline constexpr int64_t kCreatedUs = 1'769'860'800'123'456;
inline constexpr int64_t kTimestampMs = 1'769'860'801'500;

inline FamilySnapshot Family(FamilyType type, std::string name, std::vector<LabelSet::Pairs> labels,
                             std::string unit = "") {
  FamilyInfo info;
  info.name = std::move(name);
  info.help = "What\\it\nis.";
  info.type = type;
  info.unit = std::move(unit);
  auto sets = std::make_shared<LabelSets>();
  for (LabelSet::Pairs& pairs : labels) sets->push_back(std::make_shared<const LabelSet>(std::move(pairs)));
  FamilySnapshot family;
  family.info = std::make_shared<const FamilyInfo>(std::move(info));
  family.labels = std::move(sets);
  return family;
}

inline FamilySnapshot OpenFamily(FamilyType type, std::string name, const std::vector<Attributes>& attributes) {
  FamilySnapshot family = Family(type, std::move(name), {});
  const_cast<FamilyInfo&>(*family.info).is_open = true;
  auto sets = std::make_shared<LabelSets>();
  for (const Attributes& each : attributes) sets->push_back(std::make_shared<const LabelSet>(each, ""));
  family.labels = std::move(sets);
  return family;
}

inline FamilyInfo& Info(FamilySnapshot& family) { return const_cast<FamilyInfo&>(*family.info); }

// One family of each type, with everything that can hang on its series.
inline Snapshot EveryType() {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.tools.clear();
  snapshot.caches.clear();

  FamilySnapshot counter = Family(FamilyType::kCounter, "orders", {{{"shop", "a\"b\\c\nd"}, {"caf\xC3\xA9", "x"}}, {}});
  counter.values = {uint64_t{18'446'744'073'709'551'615u}, 0.5};
  counter.created_us = {kCreatedUs, 0};
  counter.exemplars = {{0, 0, {{{"trace_id", "4bf9"}, {"span_id", "00f0"}}, 1.5, kCreatedUs}}};
  snapshot.families.push_back(counter);

  FamilySnapshot gauge = Family(FamilyType::kGauge, "room.temperature_celsius", {{{"room", "1"}}}, "celsius");
  gauge.values = {-3.25};
  gauge.timestamps_ms = {kTimestampMs};
  snapshot.families.push_back(gauge);

  FamilySnapshot histogram = Family(FamilyType::kHistogram, "latency_seconds", {{{"path", "/"}}, {}}, "seconds");
  Info(histogram).bounds = {0.25, 1};
  histogram.counts = {1, 2, 3, 0, 0, 0};
  histogram.sums = {12.5, 0};
  histogram.created_us = {kCreatedUs, kCreatedUs};
  histogram.exemplars = {{0, 1, {{}, 0.5, 0}}, {0, 2, {{{"trace_id", "7"}}, 9, kCreatedUs}}};
  NativeHistogram native;
  native.schema = 3;
  native.zero_threshold = 1e-128;
  native.zero_count = 1;
  native.positive = {-2, {1, 0, 0, 0, 2, 1}};
  native.negative = {5, {1}};
  histogram.natives = {std::make_shared<const NativeHistogram>(native), nullptr};
  snapshot.families.push_back(histogram);

  FamilySnapshot now = Family(FamilyType::kGaugeHistogram, "queue_age", {{{"queue", "q"}}});
  now.bounds = {std::make_shared<const std::vector<double>>(std::vector<double>{10})};
  now.counts = {4, 1};
  now.sums = {33};
  snapshot.families.push_back(now);

  FamilySnapshot summary = Family(FamilyType::kSummary, "size_bytes", {{{"kind", "k"}}}, "bytes");
  summary.counts = {7};
  summary.sums = {70.5};
  summary.quantiles = {{{0.5, 9}, {0.99, 11.5}}};
  summary.created_us = {kCreatedUs};
  snapshot.families.push_back(summary);

  snapshot.families.push_back(Family(FamilyType::kInfo, "release", {{{"version", "1.2"}, {"commit", "abc"}}}));

  FamilySnapshot states = Family(FamilyType::kStateSet, "phase", {{{"job", "j"}}, {}});
  Info(states).states = {"starting", "ready"};
  states.values = {uint64_t{0}, uint64_t{1}, uint64_t{1}, uint64_t{0}};
  snapshot.families.push_back(states);

  FamilySnapshot unknown = Family(FamilyType::kUnknown, "something", {{}});
  unknown.values = {1e300};
  snapshot.families.push_back(unknown);
  return snapshot;
}

// Valid UTF-8 made of what is most often quoted wrongly.
inline std::string HostileName(Random& random) {
  static constexpr std::array<std::string_view, 24> kPieces = {"\"",
                                                               "\\",
                                                               "\n",
                                                               "\r",
                                                               "\t",
                                                               "\x01",
                                                               "\x1F",
                                                               "\x7F",
                                                               "{",
                                                               "}",
                                                               ",",
                                                               "=",
                                                               " ",
                                                               "#",
                                                               "n",
                                                               "u0041",
                                                               "\xC3\xA9",
                                                               "\xE2\x80\xA8",
                                                               "\xEF\xBF\xBD",
                                                               "\xF0\x9F\x98\x80",
                                                               "\xF4\x8F\xBF\xBF",
                                                               "\xED\x9F\xBF",
                                                               "le",
                                                               "a"};
  std::string name;
  for (uint64_t length = 1 + random() % 12; length > 0; --length) name += kPieces[random() % kPieces.size()];
  return name;
}

// Below 2^53, so that readers which know only doubles agree.
inline uint64_t RandomCount(Random& random) { return random() >> (11 + random() % 53); }

// Nine significant digits at most, so that readers which keep fewer digits than a double has agree.
inline double RandomMillis(Random& random) {
  return static_cast<double>(random() % 1'000'000'000) / std::pow(10, random() % 10);
}

inline WindowStats RandomStats(Random& random) {
  WindowStats stats;
  stats.count = random() % 4;
  if (stats.count > 0) stats.mean = stats.min = stats.max = RandomMillis(random);
  if (stats.count > 1) {
    stats.stddev = RandomMillis(random);
    for (double& quantile : stats.quantiles) quantile = RandomMillis(random);
  }
  return stats;
}

inline Snapshot RandomSnapshot(Random& random) {
  Snapshot snapshot = ExampleSnapshot();
  snapshot.name_prefix = random() % 2 == 0 ? "" : "myapp_";
  std::set<double> bounds;
  for (uint64_t i = random() % 20; i > 0; --i) bounds.insert(RandomMillis(random));
  snapshot.duration_bounds = Bounds({bounds.begin(), bounds.end()});
  std::set<std::string> names;
  for (uint64_t i = random() % 6; i > 0; --i) names.insert(HostileName(random));
  snapshot.tools.clear();
  snapshot.caches.clear();
  for (const std::string& name : names) {
    ToolSnapshot tool;
    tool.name = name;
    tool.successful_calls = RandomCount(random) / 4;
    tool.failed_calls = RandomCount(random) / 4;
    tool.cancelled_calls = RandomCount(random) / 4;
    tool.in_progress = random() % 3;
    tool.total_latency_ms = RandomMillis(random);
    tool.window_ms = RandomStats(random);
    if (random() % 2 == 0) tool.first_item_ms = RandomStats(random);
    // As many calls in the buckets as calls in all.
    tool.duration_buckets.assign(bounds.size() + 1, 0);
    tool.duration_buckets[random() % tool.duration_buckets.size()] += tool.successful_calls;
    tool.duration_buckets[random() % tool.duration_buckets.size()] += tool.failed_calls + tool.cancelled_calls;
    std::set<std::string> types;
    for (uint64_t i = random() % 4; i > 0; --i) types.insert(HostileName(random));
    for (const std::string& type : types) tool.error_types.emplace_back(type, RandomCount(random));
    snapshot.tools.push_back(std::move(tool));
    const uint64_t misses = random() % 2 == 0 ? 0 : RandomCount(random);
    snapshot.caches.push_back({name, misses == 0 ? 0 : RandomCount(random), misses, random() % 9, random() % 9});
  }
  return snapshot;
}

// The text of tests/data/render/<name>. With TOOLVITALS_UPDATE_GOLDEN set, the file is first replaced by `actual`, for
// a change that is meant: read what version control then shows.
inline std::string Golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(TOOLVITALS_TEST_DATA) + "/render/" + name;
  if (std::getenv("TOOLVITALS_UPDATE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << actual;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace toolvitals::testing
