// A family is told once, whoever asks.
// Floor: registry.
#include "registry/folds.h"

#include <gtest/gtest.h>

namespace toolvitals {
namespace {

TEST(FoldsTest, TellsEachFamilyOnce) {
  Folds folds;
  EXPECT_FALSE(folds.has_news());
  folds.Note("orders", FoldReason::kFamilyLimit, 3);
  folds.Note("orders", FoldReason::kSeriesLimit, 10'000);
  folds.Note("users", FoldReason::kMemoryLimit, 64);
  EXPECT_TRUE(folds.has_news());
  const std::vector<Fold> news = folds.Take();
  ASSERT_EQ(news.size(), 2u);
  EXPECT_EQ(news[0].family, "orders");
  EXPECT_EQ(news[0].reason, FoldReason::kFamilyLimit);
  EXPECT_EQ(news[0].limit, 3u);
  EXPECT_EQ(news[1].family, "users");
  EXPECT_FALSE(folds.has_news());
  folds.Note("orders", FoldReason::kFamilyLimit, 3);
  EXPECT_TRUE(folds.Take().empty());
}

TEST(FoldsTest, KeepsNoMoreThanSoMany) {
  Folds folds;
  for (int i = 0; i < 5000; ++i) folds.Note("family" + std::to_string(i), FoldReason::kSeriesLimit, 1);
  EXPECT_EQ(folds.Take().size(), 1000u);
}

}  // namespace
}  // namespace toolvitals
