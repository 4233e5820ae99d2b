// Versions as CPython writes them, out of sys.hexversion.
// Floor: snapshot.
#include "snapshot/python_version.h"

#include <gtest/gtest.h>

#include "store/layout.h"

namespace toolvitals {
namespace {

std::string TextOf(uint32_t hex_version, bool is_modified = false) {
  return PythonOfVersion(PythonVersionWord(hex_version, is_modified, 3)).version;
}

TEST(PythonVersionTest, IsWrittenAsCPythonDoes) {
  // sys.hexversion and platform.python_version() of these.
  EXPECT_EQ(TextOf(0x030B07F0), "3.11.7");
  EXPECT_EQ(TextOf(0x030A0DF0), "3.10.13");
  EXPECT_EQ(TextOf(0x030E00A1), "3.14.0a1");
  EXPECT_EQ(TextOf(0x030E00B4), "3.14.0b4");
  EXPECT_EQ(TextOf(0x030E00C2), "3.14.0rc2");
  EXPECT_EQ(TextOf(0x030C01F0, /*is_modified=*/true), "3.12.1+");
}

TEST(PythonVersionTest, HasItsParts) {
  const PythonSnapshot python = PythonOfVersion(PythonVersionWord(0x030E00C2, false, 3));
  EXPECT_EQ(python.implementation, "CPython");
  EXPECT_EQ(python.major, "3");
  EXPECT_EQ(python.minor, "14");
  EXPECT_EQ(python.patchlevel, "0rc2");
  EXPECT_EQ(python.gc.size(), 3u);
}

TEST(PythonVersionTest, NoVersionIsNoInterpreter) {
  const PythonSnapshot python = PythonOfVersion(0);
  EXPECT_TRUE(python.implementation.empty());
  EXPECT_TRUE(python.version.empty());
  EXPECT_TRUE(python.gc.empty());
}

TEST(PythonVersionTest, HasNoMoreGenerationsThanASegment) {
  EXPECT_EQ(PythonOfVersion(PythonVersionWord(0x030B07F0, false, 99)).gc.size(), kGcGenerations);
  EXPECT_EQ(PythonOfVersion(~uint64_t{0}).gc.size(), kGcGenerations);
}

}  // namespace
}  // namespace toolvitals
