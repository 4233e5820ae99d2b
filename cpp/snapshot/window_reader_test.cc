// A reader that keeps windows in order, held against one that has never read before. Floor: snapshot.
#include "snapshot/window_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

#include "base/testing.h"
#include "snapshot/collect.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

bool IsSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void ExpectSame(const WindowStats& kept, const WindowStats& fresh) {
  EXPECT_EQ(kept.count, fresh.count);
  EXPECT_TRUE(IsSame(kept.mean, fresh.mean)) << kept.mean << " and " << fresh.mean;
  EXPECT_TRUE(IsSame(kept.stddev, fresh.stddev)) << kept.stddev << " and " << fresh.stddev;
  EXPECT_TRUE(IsSame(kept.min, fresh.min));
  EXPECT_TRUE(IsSame(kept.max, fresh.max));
  for (size_t i = 0; i < kWindowQuantiles.size(); ++i) EXPECT_TRUE(IsSame(kept.quantiles[i], fresh.quantiles[i]));
}

// However much is recorded between two readings, and whatever else happens.
TEST(WindowReaderTest, WhatIsKeptIsWhatIsThere) {
  for (uint64_t seed = 1; seed <= Repetitions(20); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    CollectorOptions options;
    options.window_size = random.Below(2) == 0 ? 100 : 128;
    const auto collector = *Collector::Create(options);
    SnapshotReader kept(*collector);
    for (int reading = 0; reading < 80; ++reading) {
      if (random.Below(30) == 0) collector->Reset();
      for (const char* name : {"one", "two", "three"}) {
        ToolMetrics& tool = collector->Tool(name);
        uint64_t records = random.Below(5);
        if (random.Below(10) == 0) records = random.Below(300);
        for (; records > 0; --records) {
          tool.Record<kAlone>(tool.outcome(Outcome::kSuccess), static_cast<double>(random.Below(5000)) / 8);
        }
      }
      SnapshotReader fresh(*collector);
      const auto seen = kept.Read(), expected = fresh.Read();
      ASSERT_EQ(seen->tools.size(), expected->tools.size());
      for (size_t i = 0; i < seen->tools.size(); ++i) {
        ExpectSame(seen->tools[i].window_ms, expected->tools[i].window_ms);
      }
      if (HasFailure()) return;
    }
  }
}

}  // namespace
}  // namespace toolvitals
