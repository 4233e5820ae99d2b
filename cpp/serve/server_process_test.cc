// The server and the process it lives in: what it leaves behind, and what a fork does to it.
// Floor: serve.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/descriptors.h"
#include "serve/server_test_base.h"

namespace toolvitals {
namespace {

class ServerProcessTest : public ServerTestBase {};

TEST_F(ServerProcessTest, AThousandCyclesLeaveNothing) {
  Start();
  server_.reset();
  const size_t descriptors = CountEntries("/proc/self/fd");
  const size_t threads = CountEntries("/proc/self/task");
  for (int cycle = 0; cycle < 1000; ++cycle) {
    Start();
    if (cycle % 10 == 0) {
      TestClient client(json_port());
      ASSERT_EQ(client.Get("/metrics").status, 200);
      TestClient half(text_port());
      half.Send("GET /");
      server_->Stop();
    }
    server_.reset();
  }
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors);
  EXPECT_EQ(CountEntries("/proc/self/task"), threads);
}

TEST_F(ServerProcessTest, StopMayBeCalledAgainAndFromManyThreads) {
  Start();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([this] { server_->Stop(); });
  for (std::thread& thread : threads) thread.join();
  server_->Stop();
  EXPECT_EQ(server_->ports().size(), 2u);
}

TEST_F(ServerProcessTest, APortCanBeTakenAgainAtOnce) {
  Start();
  const uint16_t port = json_port();
  EXPECT_EQ(TestClient(port).Get("/metrics", "Connection: close\r\n").status, 200);
  server_.reset();
  ServerOptions options = Options();
  options.listeners[0].port = port;
  Start(std::move(options));
  EXPECT_EQ(json_port(), port);
}

TEST_F(ServerProcessTest, EveryDescriptorIsCloseOnExec) {
  const auto inheritable = [] {
    size_t count = 0;
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
      const int flags = fcntl(descriptor, F_GETFD);
      if (flags >= 0 && (flags & FD_CLOEXEC) == 0) ++count;
    }
    return count;
  };
  const size_t before = inheritable();
  Start();
  TestClient client(json_port());
  ASSERT_EQ(client.Get("/health").status, 200);
  EXPECT_EQ(inheritable(), before + 1) << "the client's own socket";
}

TEST_F(ServerProcessTest, AForkedChildClosesItsCopies) {
  const size_t descriptors_before = CountEntries("/proc/self/fd");
  Start();
  TestClient client(json_port());
  ASSERT_EQ(client.Get("/health").status, 200);
  const pid_t child = fork();
  if (child == 0) {
    // The client's socket is the test's own and stays open.
    if (CountEntries("/proc/self/fd") != descriptors_before + 1) _exit(1);
    server_->Stop();
    if (server_->ports().size() != 2) _exit(2);
    server_.reset();
    if (client.connected() && CountEntries("/proc/self/fd") != descriptors_before + 1) _exit(3);
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  // The parent's connections and listeners live on.
  EXPECT_EQ(client.Get("/health").status, 200);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
}

TEST_F(ServerProcessTest, AForkedChildStartsItsOwnServer) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in the child of a process that has some";
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in the child of a process that has some";
#endif
#endif
  Start();
  const pid_t child = fork();
  if (child == 0) {
    server_.reset();
    auto own = TryStart(Options());
    if (!own.ok()) _exit(1);
    if (TestClient((*own)->ports()[0]).Get("/metrics").status != 200) _exit(2);
    own->reset();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(TestClient(json_port()).Get("/metrics").status, 200);
}

// What a program does that closes all descriptors, its own and ours, in a process of its own. The exit status is the
// first thing that was wrong.
int StatusOf(const std::function<int()>& program) {
  const pid_t child = fork();
  if (child == 0) _exit(program());
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void CloseAllDescriptors() {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) close(descriptor);
}

// The numbers that were closed are somebody else's now: sockets that record whatever is written to them, all of them
// watched by an epoll of theirs.
class Stranger {
 public:
  Stranger() : epoll_(epoll_create1(0)) {
    for (int i = 0; i < 30; ++i) {
      std::array<int, 2> pair = {};
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0) abort();
      for (const int end : pair) {
        epoll_event event = {};
        event.events = EPOLLIN;
        event.data.fd = end;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, end, &event);
        ends_.push_back(end);
      }
    }
  }
  // Open, unwritten, and watched as before.
  bool is_untouched() const {
    epoll_event event = {};
    if (epoll_wait(epoll_, &event, 1, 0) != 0) return false;
    for (size_t i = 0; i < ends_.size(); ++i) {
      if (write(ends_[i], "x", 1) != 1) return false;
      if (epoll_wait(epoll_, &event, 1, 0) != 1 || event.data.fd != ends_[i ^ 1]) return false;
      char byte = 0;
      if (read(ends_[i ^ 1], &byte, 1) != 1) return false;
    }
    return true;
  }

 private:
  const int epoll_;
  std::vector<int> ends_;
};

TEST_F(ServerProcessTest, AProgramMayCloseAllDescriptors) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in the child of a process that has some";
#endif
  for (const bool busy : {false, true}) {
    SCOPED_TRACE(busy);
    const int status = StatusOf([&] {
      Start();
      if (!server_->running()) return 1;
      std::optional<TestClient> client;
      if (busy) {
        client.emplace(json_port());
        if (client->Get("/metrics").status != 200) return 2;
      }
      CloseAllDescriptors();
      if (server_->running()) return 3;
      const Stranger stranger;
      if (server_->running()) return 4;
      // The loop is not woken by what comes to the stranger's sockets; it ends when it looks next.
      server_->Stop();
      server_.reset();
      if (CountEntries("/proc/self/task") != 1) return 5;
      if (!stranger.is_untouched()) return 6;
      Start();
      if (!server_->running() || TestClient(json_port()).Get("/metrics").status != 200) return 7;
      server_.reset();
      return stranger.is_untouched() ? 0 : 8;
    });
    EXPECT_EQ(status, 0);
  }
}

TEST_F(ServerProcessTest, AChildOfAProgramThatClosedAllClosesNothingOfItsOwn) {
  const int status = StatusOf([&] {
    Start();
    CloseAllDescriptors();
    const Stranger stranger;
    const int in_child = StatusOf([&] {
      server_.reset();
      return stranger.is_untouched() ? 0 : 1;
    });
    return in_child;
  });
  EXPECT_EQ(status, 0);
}

TEST_F(ServerProcessTest, WhatIsLeftOfALostServerIsClosed) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer starts no threads in the child of a process that has some";
#endif
  // Each of the server's descriptors alone: the three of its loop and its two sockets.
  for (int nth = 0; nth < 5; ++nth) {
    SCOPED_TRACE(nth);
    const int status = StatusOf([&] {
      const size_t before = CountEntries("/proc/self/fd");
      const int first = dup(0);
      close(first);
      Start();
      close(first + nth);
      if (server_->running()) return 1;
      while (CountEntries("/proc/self/task") != 1) std::this_thread::yield();
      return CountEntries("/proc/self/fd") == before ? 0 : 2;
    });
    EXPECT_EQ(status, 0);
  }
}

TEST(DescriptorsTest, KnowsWhatIsNotItsOwn) {
  const int own = open("/dev/zero", O_RDONLY | O_CLOEXEC), other = open("/dev/null", O_RDONLY | O_CLOEXEC);
  ASSERT_TRUE(TrackDescriptor(own));
  EXPECT_TRUE(IsTrackedFile(own));
  EXPECT_FALSE(IsTrackedFile(other));
  EXPECT_FALSE(IsTrackedFile(-1));
  dup2(other, own);
  EXPECT_FALSE(IsTrackedFile(own));
  UntrackDescriptor(own);
  close(own);
  close(other);
}

TEST(DescriptorsTest, TracksWhatItCan) {
  EXPECT_FALSE(TrackDescriptor(-1));
  EXPECT_FALSE(TrackDescriptor(kMaxTrackedDescriptors));
  UntrackDescriptor(-1);
  UntrackDescriptor(kMaxTrackedDescriptors);
  const pid_t child = fork();
  if (child == 0) {
    const uint64_t generation = DescriptorGeneration();
    const int kept = dup(0), closed = dup(0);
    TrackDescriptor(kept);
    TrackDescriptor(closed);
    UntrackDescriptor(kept);
    CloseTrackedDescriptors();
    const bool right =
        fcntl(kept, F_GETFD) >= 0 && fcntl(closed, F_GETFD) < 0 && DescriptorGeneration() == generation + 1;
    _exit(right ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace toolvitals
