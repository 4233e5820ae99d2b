// The schemes, beside what Prometheus's own library does with the same names.
// Floor: render.
#include "render/name_escaping.h"

#include <gtest/gtest.h>

#include <string>

namespace toolvitals {
namespace {

TEST(NameEscapingTest, LegacyNamesStayButForDots) {
  for (const Escaping escaping : {Escaping::kAllowUtf8, Escaping::kUnderscores, Escaping::kValues}) {
    EXPECT_EQ(EscapeName("a:b_total9", escaping), "a:b_total9");
  }
  EXPECT_EQ(EscapeName("a:b_total9", Escaping::kDots), "a:b__total9");
}

TEST(NameEscapingTest, OtherNamesAreEscapedByTheScheme) {
  const std::string name = "mysystem.prod.west_cpu \xC3\xA9";
  EXPECT_EQ(EscapeName(name, Escaping::kAllowUtf8), name);
  EXPECT_EQ(EscapeName(name, Escaping::kUnderscores), "mysystem_prod_west_cpu__");
  EXPECT_EQ(EscapeName(name, Escaping::kDots), "mysystem_dot_prod_dot_west__cpu____");
  EXPECT_EQ(EscapeName(name, Escaping::kValues), "U__mysystem_2e_prod_2e_west__cpu_20__e9_");
}

TEST(NameEscapingTest, ADigitMayNotComeFirst) {
  EXPECT_EQ(EscapeName("5a5", Escaping::kUnderscores), "_a5");
  EXPECT_EQ(EscapeName("5a5", Escaping::kValues), "U___35_a5");
}

TEST(NameEscapingTest, LongCharactersAndBytesThatAreNoUtf8) {
  EXPECT_EQ(EscapeName("\xF0\x9F\x98\x80", Escaping::kValues), "U___1f600_");
  EXPECT_EQ(EscapeName("\xE2\x82\xAC", Escaping::kUnderscores), "_");
  EXPECT_EQ(EscapeName("a\xFF", Escaping::kValues), "U__a_fffd_");
  EXPECT_EQ(EscapeName("a\xFF", Escaping::kAllowUtf8), "a\xEF\xBF\xBD");
}

TEST(NameEscapingTest, FindsSchemesByName) {
  for (const Escaping escaping : {Escaping::kAllowUtf8, Escaping::kUnderscores, Escaping::kDots, Escaping::kValues}) {
    EXPECT_EQ(FindEscaping(EscapingName(escaping)), escaping);
  }
  EXPECT_EQ(FindEscaping(""), Escaping::kUnderscores);
  EXPECT_EQ(FindEscaping("rot13"), Escaping::kUnderscores);
}

}  // namespace
}  // namespace toolvitals
