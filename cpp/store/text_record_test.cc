// Texts in words: what was stored is loaded, and no offset or length that a reader may stumble upon leads astray.
// Floor: store.
#include "store/text_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/limits.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

class TextRecordTest : public ::testing::Test {
 protected:
  Offset Store(std::string_view text) {
    const Offset offset = segment_->Allocate(TextRecord::Bytes(text.size()));
    StoreText(*segment_->At<TextRecord>(offset), text);
    return offset;
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(1 << 20);
};

TEST_F(TextRecordTest, TakesTheWordsThatItsBytesFill) {
  EXPECT_EQ(TextRecord::Bytes(0), 8u);
  EXPECT_EQ(TextRecord::Bytes(1), 16u);
  EXPECT_EQ(TextRecord::Bytes(8), 16u);
  EXPECT_EQ(TextRecord::Bytes(9), 24u);
}

TEST_F(TextRecordTest, EveryLengthAndEveryByteSurvives) {
  Random random(1);
  for (size_t size = 0; size < 70; ++size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random.Bits());
    EXPECT_EQ(LoadText(*segment_, Store(text)), text);
  }
}

TEST_F(TextRecordTest, WritesNothingBehindItself) {
  const Offset offset = segment_->Allocate(64);
  Word* words = segment_->At<Word>(offset);
  for (size_t i = 0; i < 8; ++i) words[i].store(UINT64_MAX, std::memory_order_relaxed);
  StoreText(*segment_->At<TextRecord>(offset), "123456789");
  EXPECT_EQ(words[2].load(std::memory_order_relaxed), uint64_t{'9'});
  EXPECT_EQ(words[3].load(std::memory_order_relaxed), UINT64_MAX);
}

TEST_F(TextRecordTest, AShorterTextReplacesALongerOne) {
  const Offset offset = Store("a longer text than the next");
  StoreText(*segment_->At<TextRecord>(offset), "short");
  EXPECT_EQ(LoadText(*segment_, offset), "short");
  StoreText(*segment_->At<TextRecord>(offset), "");
  EXPECT_EQ(LoadText(*segment_, offset), "");
}

TEST_F(TextRecordTest, OffsetsThatCannotBeARecordAreRefused) {
  const Offset offset = Store("text");
  const uint64_t used = segment_->used_bytes();
  EXPECT_EQ(LoadText(*segment_, 0), std::nullopt);
  for (const Offset wrong : {offset + 1, offset + 4, used, used - 8, used + 8, UINT64_MAX, UINT64_MAX - 7}) {
    EXPECT_EQ(LoadText(*segment_, wrong), std::nullopt) << wrong;
  }
}

TEST_F(TextRecordTest, LengthsThatReachBeyondWhatIsUsedAreRefused) {
  const Offset offset = Store(std::string(48, 'x'));
  const uint64_t room = segment_->used_bytes() - offset - sizeof(Word);
  TextRecord& record = *segment_->At<TextRecord>(offset);
  record.bytes.store(room, std::memory_order_relaxed);
  EXPECT_EQ(LoadText(*segment_, offset)->size(), room);
  for (const uint64_t wrong : {room + 1, segment_->used_bytes(), UINT64_MAX, UINT64_MAX - 7, UINT64_MAX / 2}) {
    record.bytes.store(wrong, std::memory_order_relaxed);
    EXPECT_EQ(LoadText(*segment_, offset), std::nullopt) << wrong;
  }
}

TEST_F(TextRecordTest, AReaderOfATextThatIsReplacedGetsWordsOfTheOldAndTheNew) {
  // No version guards the record itself: each word is whole, and which text it is of is for the reader's owner to find.
  const std::string a(200, 'a');
  const std::string b(120, 'b');
  const Offset offset = Store(a);
  std::atomic<bool> done{false};
  RunThreads(2, [&](size_t thread) {
    if (thread == 0) {
      for (uint64_t i = 0; i < Repetitions(50'000); ++i) {
        StoreText(*segment_->At<TextRecord>(offset), i % 2 == 0 ? b : a);
      }
      done.store(true, std::memory_order_release);
      return;
    }
    do {
      const auto text = LoadText(*segment_, offset);
      ASSERT_TRUE(text.has_value());
      ASSERT_TRUE(text->size() == a.size() || text->size() == b.size());
      for (size_t word = 0; word < text->size(); word += sizeof(Word)) {
        const std::string_view part = std::string_view(*text).substr(word, sizeof(Word));
        ASSERT_EQ(std::count(part.begin(), part.end(), part.front()), static_cast<ptrdiff_t>(part.size()));
      }
    } while (!done.load(std::memory_order_acquire));
  });
}

std::string Pack(const std::vector<std::string>& texts) {
  return PackTexts(std::vector<std::string_view>(texts.begin(), texts.end()));
}

TEST(PackTextsTest, UnpackingIsTheOtherWay) {
  const std::vector<std::vector<std::string>> lists = {
      {},
      {""},
      {"", ""},
      {"a", "", "b"},
      {std::string(127, 'x'), std::string(128, 'y'), std::string(16'383, 'z'), std::string(16'384, 'w')},
      {std::string("\0\x01\xFF", 3)},
  };
  for (const auto& list : lists) EXPECT_EQ(UnpackTexts(Pack(list)), list);
}

TEST(PackTextsTest, UnequalListsAreUnequalTexts) {
  // Every list of up to three texts over an alphabet in which a length looks like a letter.
  const std::vector<std::string> texts = {"", "\x01", "\x02", std::string("\x01\x01"), std::string("\0", 1)};
  std::vector<std::string> packed;
  for (const std::string& a : texts) {
    packed.push_back(Pack({a}));
    for (const std::string& b : texts) {
      packed.push_back(Pack({a, b}));
      for (const std::string& c : texts) packed.push_back(Pack({a, b, c}));
    }
  }
  std::sort(packed.begin(), packed.end());
  EXPECT_EQ(std::adjacent_find(packed.begin(), packed.end()), packed.end());
}

TEST(PackTextsTest, WhatWasCutOffIsRefused) {
  const std::string packed = Pack({"abc", std::string(200, 'x')});
  for (size_t size = 1; size < packed.size(); ++size) {
    const auto texts = UnpackTexts(std::string_view(packed).substr(0, size));
    // Only behind the first text does a list end.
    EXPECT_EQ(texts.has_value(), size == 4) << size;
  }
  EXPECT_EQ(UnpackTexts("\x80"), std::nullopt);
  EXPECT_EQ(UnpackTexts("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), std::nullopt);
}

TEST(PackTextsTest, NoBytesLeadAstray) {
  Random random(2);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes(random.Below(20), '\0');
    for (char& c : bytes) c = static_cast<char>(random.Below(4) == 0 ? random.Bits() : random.Below(6));
    const auto texts = UnpackTexts(bytes);
    if (!texts.has_value()) continue;
    // A length has more than one spelling, so that only the texts come back and not always the bytes.
    EXPECT_EQ(UnpackTexts(Pack(*texts)), texts);
    EXPECT_LE(Pack(*texts).size(), bytes.size());
  }
}

}  // namespace
}  // namespace toolvitals
