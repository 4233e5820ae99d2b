// The journal between two readers, with entries that were cut off and files that are none. Floor: fleet.
#include "fleet/removal_journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

class RemovalJournalTest : public ::testing::Test {
 protected:
  static SeriesFilter Filter(const std::string& value) {
    SeriesFilter filter;
    filter.family = "f";
    filter.labels = {{"a", value}};
    return filter;
  }

  // As a process does that knows nothing yet.
  void Append(const std::string& value, std::vector<std::string> segments = {}, uint64_t least = 0) {
    RemovalJournal journal;
    auto change = directory_->TryChange();
    ASSERT_TRUE(change.has_value());
    journal.Read(*directory_);
    ASSERT_TRUE(journal.Append(*change, least, std::move(segments), Filter(value)).ok());
  }

  static std::vector<std::string> Values(const RemovalJournal& journal) {
    std::vector<std::string> values;
    for (const RemovalJournal::Entry& entry : journal.entries()) {
      values.push_back(entry.filter.labels.front().second);
    }
    return values;
  }

  std::string path() const { return folder_.path() + "/run/removed"; }
  std::string Content() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void SetContent(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }

  TemporaryFolder folder_;
  std::shared_ptr<SegmentDirectory> directory_ = *SegmentDirectory::Open(folder_.path() + "/run");
};

TEST_F(RemovalJournalTest, EverybodyReadsWhatWasAppended) {
  RemovalJournal journal;
  journal.Read(*directory_);
  EXPECT_TRUE(journal.entries().empty());
  Append("x", {"0123456789abcdef"}, /*least=*/7);
  Append("y");
  journal.Read(*directory_);
  EXPECT_EQ(Values(journal), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(journal.entries().front().segments, std::vector<std::string>{"0123456789abcdef"});
  EXPECT_EQ(journal.entries().front().number, 8u);
  EXPECT_EQ(journal.last(), 9u);
  EXPECT_EQ(journal.entries().front().filter.family, "f");
  EXPECT_FALSE(journal.entries().front().filter.is_unregistered);
}

TEST_F(RemovalJournalTest, AttributesComeBackAsWhatTheyAre) {
  SeriesFilter filter = Filter(std::string("i\0\1\0", 4));
  filter.is_of_attributes = true;
  RemovalJournal journal;
  {
    auto change = directory_->TryChange();
    ASSERT_TRUE(change.has_value());
    journal.Read(*directory_);
    ASSERT_TRUE(journal.Append(*change, 0, {}, filter).ok());
  }
  Append("x");
  journal.Read(*directory_);
  ASSERT_EQ(journal.entries().size(), 2u);
  EXPECT_TRUE(journal.entries()[0].filter.is_of_attributes);
  EXPECT_EQ(journal.entries()[0].filter.labels, filter.labels);
  EXPECT_FALSE(journal.entries()[1].filter.is_of_attributes);
}

// Whoever was killed at an entry has removed nothing, and hinders nobody, however many of its bytes are there.
TEST_F(RemovalJournalTest, AnEntryThatIsNotWholeIsNone) {
  Append("x");
  const std::string whole = Content();
  Append("a longer one");
  const std::string both = Content();
  for (size_t bytes = whole.size(); bytes < both.size(); ++bytes) {
    SetContent(both.substr(0, bytes));
    RemovalJournal journal;
    journal.Read(*directory_);
    EXPECT_EQ(Values(journal), std::vector<std::string>{"x"}) << bytes;
    Append("y");
    journal.Read(*directory_);
    EXPECT_EQ(Values(journal), (std::vector<std::string>{"x", "y"})) << bytes;
  }
}

TEST_F(RemovalJournalTest, BytesThatNobodyWroteAreNoEntries) {
  Append("x");
  Append("y");
  const std::string whole = Content();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    SetContent(damaged);
    RemovalJournal journal;
    journal.Read(*directory_);
    EXPECT_LT(journal.entries().size(), 2u) << at;
  }
}

// The file system may give a file the number of one that is gone.
TEST_F(RemovalJournalTest, AnotherFileIsReadFromItsBegin) {
  RemovalJournal journal;
  Append("x");
  journal.Read(*directory_);
  std::filesystem::resize_file(path(), 0);
  Append("y", {}, journal.last());
  journal.Read(*directory_);
  EXPECT_EQ(Values(journal), std::vector<std::string>{"y"});
  EXPECT_EQ(journal.last(), 2u);
  std::filesystem::remove(path());
  journal.Read(*directory_);
  EXPECT_TRUE(journal.entries().empty());
}

TEST_F(RemovalJournalTest, NothingIsWrittenIntoWhatIsNoFile) {
  std::filesystem::create_symlink("/dev/null", path());
  RemovalJournal journal;
  auto change = directory_->TryChange();
  journal.Read(*directory_);
  EXPECT_TRUE(journal.entries().empty());
  EXPECT_FALSE(journal.Append(*change, 0, {}, Filter("x")).ok());
}

}  // namespace
}  // namespace toolvitals
