// The server and the process it lives in: what it leaves behind, and what a fork does to it.
// Floor: serve.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

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
    Server::AbandonAllAfterFork();
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
    Server::AbandonAllAfterFork();
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

TEST(DescriptorsTest, TracksWhatItCan) {
  EXPECT_FALSE(TrackDescriptor(-1));
  EXPECT_FALSE(TrackDescriptor(kMaxTrackedDescriptors));
  UntrackDescriptor(-1);
  UntrackDescriptor(kMaxTrackedDescriptors);
  const uint64_t generation = DescriptorGeneration();
  const pid_t child = fork();
  if (child == 0) {
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
