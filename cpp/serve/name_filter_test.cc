// Queries: what is a name, what is passed over, and the bound.
// Floor: serve.
#include "serve/name_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NameFilterTest, WithoutANameNothingIsFiltered) {
  for (const char* query : {"", "&&", "name=a", "names[]=a", "x&y=1&name[=a", "%00", "="}) {
    EXPECT_FALSE(ParseNameFilter(query).present) << query;
  }
}

TEST(NameFilterTest, NamesAreDecodedSortedAndOnce) {
  const NameFilter filter = ParseNameFilter("name[]=b&x=1&name%5B%5d=a%2Eb+c&name[]=b&name[]=%zz%4");
  EXPECT_TRUE(filter.present);
  EXPECT_THAT(filter.names, ElementsAre("%zz%4", "a.b c", "b"));
}

TEST(NameFilterTest, AnEmptyNameIsAName) {
  EXPECT_THAT(ParseNameFilter("name[]").names, ElementsAre(""));
  EXPECT_THAT(ParseNameFilter("name[]=").names, ElementsAre(""));
  EXPECT_THAT(ParseNameFilter("name=&").names, IsEmpty());
}

TEST(NameFilterTest, NamesAreBounded) {
  std::string query;
  for (int i = 0; i < 10'000; ++i) query += "name[]=" + std::to_string(i) + "&";
  EXPECT_EQ(ParseNameFilter(query).names.size(), kMaxNameFilters);
}

}  // namespace
}  // namespace toolvitals
