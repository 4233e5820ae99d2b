// The word: additions that lose nothing, by one writer at a time and by many at once.
// Floor: base.
#include "base/word.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;

template <Writers W>
void AddsAndReturnsTheValueBefore() {
  Word word{5};
  EXPECT_EQ(Add<W>(word, 3), 5u);
  EXPECT_EQ(Add<W>(word, 0), 8u);
  EXPECT_EQ(word.load(), 8u);
  // The complement of zero takes one away.
  EXPECT_EQ(Add<W>(word, ~uint64_t{0}), 8u);
  EXPECT_EQ(word.load(), 7u);
}

TEST(WordTest, AddsAndReturnsTheValueBefore) {
  AddsAndReturnsTheValueBefore<Writers::kSerialized>();
  AddsAndReturnsTheValueBefore<Writers::kConcurrent>();
}

template <Writers W>
void AddsDoubles() {
  Word word{0};
  EXPECT_EQ(LoadDouble(word), 0.0);
  AddDouble<W>(word, 0.1);
  AddDouble<W>(word, 0.2);
  EXPECT_EQ(LoadDouble(word), 0.1 + 0.2);
  AddDouble<W>(word, -0.5);
  EXPECT_EQ(LoadDouble(word), 0.1 + 0.2 - 0.5);
}

TEST(WordTest, AddsDoubles) {
  AddsDoubles<Writers::kSerialized>();
  AddsDoubles<Writers::kConcurrent>();
}

TEST(WordTest, ConcurrentAdditionsAreExact) {
  const uint64_t additions = Repetitions(200'000);
  Word integer{0};
  Word real{0};
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < additions; ++i) {
      Add<Writers::kConcurrent>(integer, thread + 1);
      AddDouble<Writers::kConcurrent>(real, 0.5);
    }
  });
  EXPECT_EQ(integer.load(), additions * kThreads * (kThreads + 1) / 2);
  EXPECT_EQ(LoadDouble(real), 0.5 * static_cast<double>(additions * kThreads));
}

TEST(WordTest, SerializedAdditionsAreExactUnderALock) {
  const uint64_t additions = Repetitions(50'000);
  Word integer{0};
  Word real{0};
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < additions; ++i) {
      const std::lock_guard guard(lock);
      Add<Writers::kSerialized>(integer, 1);
      AddDouble<Writers::kSerialized>(real, 0.25);
    }
  });
  EXPECT_EQ(integer.load(), additions * kThreads);
  EXPECT_EQ(LoadDouble(real), 0.25 * static_cast<double>(additions * kThreads));
}

}  // namespace
}  // namespace toolvitals
