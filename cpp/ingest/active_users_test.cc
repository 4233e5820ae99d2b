// Users who come and go, by a clock of the test's. Floor: ingest.
#include "ingest/active_users.h"

#include <gtest/gtest.h>

#include <string>

namespace toolvitals {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

TEST(ActiveUsersTest, CountsDifferentUsers) {
  ActiveUsers users;
  users.See("ann", 1);
  users.See("bob", 2);
  users.See("ann", 3);
  EXPECT_EQ(users.Count(4), 2u);
}

TEST(ActiveUsersTest, AUserIsForgottenFiveMinutesAfterTheLastSight) {
  ActiveUsers users;
  users.See("ann", 0);
  users.See("bob", 100 * kSecond);
  EXPECT_EQ(users.Count(300 * kSecond - 1), 2u);
  EXPECT_EQ(users.Count(300 * kSecond), 1u);
  users.See("bob", 350 * kSecond);
  EXPECT_EQ(users.Count(649 * kSecond), 1u);
  EXPECT_EQ(users.Count(650 * kSecond), 0u);
  EXPECT_EQ(users.Count(1000 * kSecond), 0u);
}

TEST(ActiveUsersTest, AFullTableKeepsThoseItHas) {
  ActiveUsers users(std::chrono::seconds(10), 3);
  for (int i = 0; i < 100; ++i) users.See(std::to_string(i), kSecond);
  EXPECT_EQ(users.Count(kSecond), 3u);
  users.See("0", 5 * kSecond);
  EXPECT_EQ(users.Count(11 * kSecond), 1u);
  users.See("99", 11 * kSecond);
  EXPECT_EQ(users.Count(11 * kSecond), 2u);
}

TEST(ActiveUsersTest, ForgetsAllAtOnce) {
  ActiveUsers users;
  users.See("ann", 0);
  users.Clear();
  EXPECT_EQ(users.Count(0), 0u);
  users.See("ann", 0);
  EXPECT_EQ(users.Count(0), 1u);
}

}  // namespace
}  // namespace toolvitals
