// Timestamps that the standard allows, and those that it does not. Floor: ingest.
#include "ingest/rfc3339.h"

#include <gtest/gtest.h>

namespace toolvitals {
namespace {

TEST(Rfc3339Test, ReadsWhatTheStandardAllows) {
  const absl::Time noon = absl::FromUnixSeconds(1769860800);
  EXPECT_EQ(ParseRfc3339("2026-01-31T12:00:00Z"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31t12:00:00z"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31 12:00:00+00:00"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31T12:00:00-00:00"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31T17:30:00+05:30"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31T04:00:00-08:00"), noon);
  EXPECT_EQ(ParseRfc3339("2026-01-31T12:00:00.5Z"), noon + absl::Milliseconds(500));
  EXPECT_EQ(ParseRfc3339("2026-01-31T12:00:00.123456789999Z"), noon + absl::Nanoseconds(123456789));
  EXPECT_EQ(ParseRfc3339("2024-02-29T00:00:00Z"), absl::FromUnixSeconds(1709164800));
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:59:60Z"), ParseRfc3339("2017-01-01T00:00:00Z"));
}

TEST(Rfc3339Test, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2026",
                           "2026-01-31",
                           "2026-01-31T12:00:00",
                           "2026-01-31T12:00Z",
                           "2026-01-31T12:00:00.Z",
                           "2026-01-31T12:00:00,5Z",
                           "2026-01-31T12:00:00+0530",
                           "2026-01-31T12:00:00+05",
                           "2026-01-31T12:00:00+24:00",
                           "2026-01-31T12:00:00+05:60",
                           "2026-01-31T24:00:00Z",
                           "2026-01-31T12:60:00Z",
                           "2026-01-31T12:00:61Z",
                           "2026-02-29T12:00:00Z",
                           "2026-02-30T12:00:00Z",
                           "2026-13-01T12:00:00Z",
                           "2026-00-01T12:00:00Z",
                           "2026-01-00T12:00:00Z",
                           " 2026-01-31T12:00:00Z",
                           "2026-01-31T12:00:00Z ",
                           "2026-1-31T12:00:00Z",
                           "+2026-01-31T12:00:00Z",
                           "12026-01-31T12:00:00Z",
                           "2026-01-31X12:00:00Z",
                           "2026-01-31T12:00:00 Z",
                           "infinite-future",
                           "\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa6-01-31T12:00:00Z"}) {
    EXPECT_FALSE(ParseRfc3339(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace toolvitals
