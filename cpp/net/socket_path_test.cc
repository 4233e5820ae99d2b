// Paths that are free, stale, alive, another's or no socket at all. Floor: net.
#include "net/socket_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing.h"
#include "net/testing.h"
#include "net/unix_client.h"

namespace toolvitals {
namespace {

class SocketPathTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SocketPath>> Bind(int type = SOCK_STREAM, mode_t mode = 0600) {
    return SocketPath::Bind(path_, type, mode);
  }
  absl::Status Refusal(int type = SOCK_STREAM) {
    const absl::Status status = Bind(type).status();
    EXPECT_NE(std::string(status.message()).find(path_), std::string::npos) << status;
    return status;
  }
  // A socket file that nobody listens to any more.
  void LeaveStale(int type = SOCK_STREAM) {
    auto bound = Bind(type);
    ASSERT_TRUE(bound.ok()) << bound.status();
    // As if the process had been killed.
    const std::string kept = path_ + ".kept";
    ASSERT_EQ(link(path_.c_str(), kept.c_str()), 0);
    bound->reset();
    ASSERT_EQ(rename(kept.c_str(), path_.c_str()), 0);
  }

  SocketFolder folder_;
  const std::string path_ = folder_ / "socket";
};

TEST_F(SocketPathTest, IsMadeForItsOwnerAndRemoved) {
  auto bound = Bind();
  ASSERT_TRUE(bound.ok()) << bound.status();
  struct stat made = {};
  ASSERT_EQ(stat(path_.c_str(), &made), 0);
  EXPECT_TRUE(S_ISSOCK(made.st_mode));
  EXPECT_EQ(made.st_mode & 07777, 0600u);
  EXPECT_TRUE(UnixClient(path_).connected());
  bound->reset();
  EXPECT_EQ(folder_.entries(), 0u);
}

TEST_F(SocketPathTest, TheModeIsThatAskedForWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
    for (const mode_t mode : {mode_t{0600}, mode_t{0660}, mode_t{0666}}) {
      const mode_t before = umask(mask);
      auto bound = Bind(SOCK_DGRAM, mode);
      umask(before);
      ASSERT_TRUE(bound.ok()) << bound.status();
      struct stat made = {};
      ASSERT_EQ(stat(path_.c_str(), &made), 0);
      EXPECT_EQ(made.st_mode & 07777, mode);
    }
  }
}

TEST_F(SocketPathTest, PathsThatCannotBe) {
  for (const std::string& path : {std::string(), std::string("a\0b", 3), folder_ / std::string(200, 'x')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(SocketPath::Bind(path, SOCK_STREAM, 0600).status())) << path;
  }
  const std::string longest = folder_ / std::string(107 - path_.size() + 6, 'x');
  ASSERT_EQ(longest.size(), 107u);
  EXPECT_TRUE(SocketPath::Bind(longest, SOCK_STREAM, 0600).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(SocketPath::Bind(longest + "x", SOCK_STREAM, 0600).status()));
  EXPECT_TRUE(absl::IsNotFound(SocketPath::Bind(folder_ / "none/socket", SOCK_STREAM, 0600).status()));
}

TEST_F(SocketPathTest, ALiveSocketIsLeftAlone) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    auto live = Bind(type);
    ASSERT_TRUE(live.ok()) << live.status();
    for (const int asked : {SOCK_STREAM, SOCK_DGRAM}) EXPECT_TRUE(absl::IsAlreadyExists(Refusal(asked)));
    EXPECT_TRUE(UnixClient(path_, type).connected());
  }
}

TEST_F(SocketPathTest, AStaleSocketIsReplaced) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
    LeaveStale(type);
    EXPECT_EQ(UnixClient(path_, type).error(), ECONNREFUSED);
    auto bound = Bind(type);
    ASSERT_TRUE(bound.ok()) << bound.status();
    EXPECT_TRUE(UnixClient(path_, type).connected());
  }
}

TEST_F(SocketPathTest, WhatIsNoSocketIsLeftAlone) {
  std::ofstream(path_) << "text";
  EXPECT_TRUE(absl::IsAlreadyExists(Refusal()));
  EXPECT_EQ(std::filesystem::file_size(path_), 4u);
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_TRUE(absl::IsAlreadyExists(Refusal()));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(folder_ / "elsewhere", path_);
  EXPECT_TRUE(absl::IsAlreadyExists(Refusal()));
  EXPECT_TRUE(std::filesystem::is_symlink(path_));
}

TEST_F(SocketPathTest, AnotherUsersSocketIsLeftAlone) {
  LeaveStale();
  if (chown(path_.c_str(), 65534, 65534) != 0) GTEST_SKIP() << "only root can give a file away";
  EXPECT_TRUE(absl::IsPermissionDenied(Refusal()));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SocketPathTest, APathThatIsSomebodyElsesByNowStays) {
  auto first = Bind();
  ASSERT_TRUE(first.ok());
  std::filesystem::remove(path_);
  auto second = Bind();
  ASSERT_TRUE(second.ok());
  first->reset();
  EXPECT_TRUE(UnixClient(path_).connected());
}

TEST_F(SocketPathTest, OfManyWhoStartAtOnceOneWins) {
  for (int round = 0; round < 20; ++round) {
    LeaveStale();
    std::atomic<int> winners = 0;
    std::atomic<int> tried = 0;
    constexpr int kThreads = 4;
    RunThreads(kThreads, [&](size_t) {
      auto bound = Bind();
      if (bound.ok()) ++winners;
      ++tried;
      while (tried.load() != kThreads) std::this_thread::yield();
    });
    EXPECT_EQ(winners, 1);
  }
}

TEST_F(SocketPathTest, TheWorkingDirectoryMayChange) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(std::filesystem::path(path_).parent_path());
  auto bound = SocketPath::Bind("socket", SOCK_STREAM, 0600);
  std::filesystem::current_path(before);
  ASSERT_TRUE(bound.ok()) << bound.status();
  bound->reset();
  EXPECT_EQ(folder_.entries(), 0u);
}

TEST_F(SocketPathTest, AFolderThatCannotBeWritten) {
  std::filesystem::permissions(std::filesystem::path(path_).parent_path(), std::filesystem::perms(0500));
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  EXPECT_TRUE(absl::IsPermissionDenied(Refusal()));
}

}  // namespace
}  // namespace toolvitals
