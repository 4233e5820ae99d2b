// The same bytes in pieces of every length, and lines that never end. Floor: ingest.
#include "ingest/line_splitter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

// What it received, a bad line as its reason in angle brackets.
class Lines final : public LineReceiver {
 public:
  void OnLine(std::string_view line) override { all.emplace_back(line); }
  void OnBadLine(IngestResult reason) override {
    all.push_back(absl::StrFormat("<%s>", std::string(IngestResultName(reason))));
  }

  std::vector<std::string> all;
};

using Strings = std::vector<std::string>;

TEST(LineSplitterTest, LinesEndInALineFeed) {
  Lines lines;
  LineBudget budget;
  LineSplitter splitter(budget, lines);
  splitter.Append("one\ntw");
  splitter.Append("o\nthree");
  EXPECT_EQ(lines.all, (Strings{"one", "two"}));
  EXPECT_EQ(budget.used(), 5u);
  splitter.Append("\n");
  EXPECT_EQ(lines.all, (Strings{"one", "two", "three"}));
  EXPECT_EQ(budget.used(), 0u);
}

TEST(LineSplitterTest, BlankLinesAreNobodys) {
  Lines lines;
  LineBudget budget;
  LineSplitter splitter(budget, lines);
  splitter.Append("\n\r\n \t\n x\n ");
  splitter.Finish();
  EXPECT_EQ(lines.all, (Strings{" x"}));
}

TEST(LineSplitterTest, WhatIsNotFinishedIsNoLine) {
  Lines lines;
  LineBudget budget;
  LineSplitter splitter(budget, lines);
  splitter.Append("{\"counter\":\"x\",\"value\":1}");
  splitter.Finish();
  EXPECT_EQ(lines.all, (Strings{"<incomplete_line>"}));
  EXPECT_EQ(budget.used(), 0u);
}

TEST(LineSplitterTest, ALineOfTheLimitIsTakenAndALongerOneIsPassedOver) {
  for (const size_t piece : {size_t{1000}, kMaxLineBytes, 2 * kMaxLineBytes + 100}) {
    const std::string fits(kMaxLineBytes, 'a');
    std::string bytes = fits + "\n" + fits + "b\n" + "c\n" + std::string(5 * kMaxLineBytes, 'd') + "\ne\n";
    Lines lines;
    LineBudget budget;
    LineSplitter splitter(budget, lines);
    while (!bytes.empty()) {
      splitter.Append(std::string_view(bytes).substr(0, piece));
      EXPECT_LE(budget.used(), kMaxLineBytes);
      bytes.erase(0, piece);
    }
    EXPECT_EQ(lines.all, (Strings{fits, "<line_too_long>", "c", "<line_too_long>", "e"})) << piece;
    EXPECT_EQ(budget.used(), 0u);
  }
}

TEST(LineSplitterTest, ALineThatIsTooLongIsReportedOnceThoughItNeverEnds) {
  Lines lines;
  LineBudget budget;
  LineSplitter splitter(budget, lines);
  for (int i = 0; i < 100; ++i) splitter.Append(std::string(10'000, 'x'));
  EXPECT_EQ(budget.used(), 0u);
  splitter.Finish();
  EXPECT_EQ(lines.all, (Strings{"<line_too_long>"}));
}

TEST(LineSplitterTest, TheBudgetIsSharedAndGivenBack) {
  Lines lines;
  LineBudget budget(10);
  {
    LineSplitter first(budget, lines), second(budget, lines);
    first.Append("123456");
    second.Append("12345");
    EXPECT_EQ(lines.all, (Strings{"<no_memory>"}));
    EXPECT_EQ(budget.used(), 6u);
    second.Append("678\n1\n");
    first.Append("7890\n");
    EXPECT_EQ(lines.all, (Strings{"<no_memory>", "1", "1234567890"}));
    first.Append("unfinished");
    EXPECT_EQ(budget.used(), 10u);
  }
  EXPECT_EQ(budget.used(), 0u);
}

TEST(LineSplitterTest, HowTheBytesAreCutDoesNotMatter) {
  Random random(7);
  std::string bytes;
  for (int i = 0; i < 3000; ++i) bytes += "\n\nab{\r "[random.Below(7)];
  Lines whole;
  LineBudget budget;
  LineSplitter(budget, whole).Append(bytes);
  for (int run = 0; run < 20; ++run) {
    Lines cut;
    LineSplitter splitter(budget, cut);
    for (std::string_view rest = bytes; !rest.empty();) {
      const size_t piece = std::min<size_t>(rest.size(), 1 + random.Below(50));
      splitter.Append(rest.substr(0, piece));
      rest.remove_prefix(piece);
    }
    EXPECT_EQ(cut.all, whole.all);
  }
}

TEST(LineSplitterTest, TheLastLineOfADatagramNeedsNoLineFeed) {
  Lines lines;
  SplitDatagram("one\n\ntwo", lines);
  SplitDatagram("", lines);
  SplitDatagram("three\n", lines);
  EXPECT_EQ(lines.all, (Strings{"one", "two", "three"}));
}

}  // namespace
}  // namespace toolvitals
