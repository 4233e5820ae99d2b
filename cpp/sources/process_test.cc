// The process: a made-up /proc read exactly, the real one plausibly, a broken one without harm.
// Floor: sources.
#include "sources/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

namespace toolvitals {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLimits =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max cpu time              unlimited            unlimited            seconds   \n"
    "Max open files            1024                 524288               files     \n"
    "Max locked memory         8388608              8388608              bytes     \n";

// A directory like /proc, gone with the test.
class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() : root_(fs::path(::testing::TempDir()) / ("proc" + std::to_string(getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "self" / "fd");
    Write("stat", "cpu  1 2 3 4\ncpu0 1 2 3 4\nbtime 1700000000\nprocesses 5\n");
    Write("self/stat", Stat("python3"));
    Write("self/limits", kLimits);
    for (const char* fd : {"0", "1", "2", "100000", "100001"}) Write(std::string("self/fd/") + fd, "");
  }
  ~ProcessTest() override { fs::remove_all(root_); }

  void Write(const std::string& name, const std::string& text) { std::ofstream(root_ / name) << text; }

  // Fields as in proc(5): 250 user and 50 system ticks, 7 threads, started at tick 1234, 1 MiB, 100 pages.
  static std::string Stat(const std::string& command) {
    return "4242 (" + command +
           ") S 1 4242 4242 0 -1 4194304 900 0 1 0 250 50 0 0 20 0 7 0 1234 1048576 100 18446744073709551615 1 1 0\n";
  }

  ProcessSnapshot Read() const { return ReadProcess(root_.string()); }

  fs::path root_;
};

void ExpectMadeUp(const ProcessSnapshot& process) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_EQ(process.pid, getpid());
  EXPECT_DOUBLE_EQ(process.cpu_seconds, 300 / ticks);
  EXPECT_EQ(process.resident_memory_bytes, 100u * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(process.virtual_memory_bytes, 1048576u);
  EXPECT_EQ(process.threads, 7u);
  EXPECT_DOUBLE_EQ(process.start_time_seconds, 1700000000 + 1234 / ticks);
}

TEST_F(ProcessTest, ReadsEveryFigure) {
  const ProcessSnapshot process = Read();
  ExpectMadeUp(process);
  EXPECT_EQ(process.max_fds, 1024u);
}

// The descriptor that lists the directory may have the number of one of the files here.
TEST_F(ProcessTest, CountsOpenFiles) {
  const uint64_t count = Read().open_fds;
  EXPECT_EQ(count, 5u);
  Write("self/fd/100002", "");
  Write("self/fd/not-a-number", "");
  EXPECT_EQ(Read().open_fds, 6u);
}

TEST_F(ProcessTest, CommandsNameMayHoldAnything) {
  for (const char* command : {"", "a b", "a) R 9 9 9", "((x))", ") (", "new\nline", "tmux: server"}) {
    Write("self/stat", Stat(command));
    ExpectMadeUp(Read());
  }
}

TEST_F(ProcessTest, BrokenStatFallsBackToResourceUsage) {
  for (const char* text : {"", "4242", "4242 (x", "4242 (x)", "4242 (x) S 1 2 3", ")"}) {
    Write("self/stat", text);
    const ProcessSnapshot process = Read();
    EXPECT_EQ(process.pid, getpid());
    EXPECT_GT(process.cpu_seconds, 0);
    EXPECT_EQ(process.resident_memory_bytes, 0u);
    EXPECT_EQ(process.threads, 0u);
    EXPECT_EQ(process.start_time_seconds, 0);
    EXPECT_EQ(process.open_fds, 5u);
  }
}

TEST_F(ProcessTest, WithoutBootTimeTheStartIsUnknown) {
  for (const char* text : {"", "cpu 1 2\n", "btime x\n", "xbtime 5\n"}) {
    Write("stat", text);
    EXPECT_EQ(Read().start_time_seconds, 0) << text;
    EXPECT_EQ(Read().threads, 7u);
  }
}

TEST_F(ProcessTest, NoLimitIsUnknown) {
  Write("self/limits", "Max open files            unlimited            unlimited            files\n");
  EXPECT_EQ(Read().max_fds, 0u);
  Write("self/limits", "Max open files");
  EXPECT_EQ(Read().max_fds, 0u);
}

TEST_F(ProcessTest, MissingRootIsHarmless) {
  const ProcessSnapshot process = ReadProcess((root_ / "nowhere").string());
  EXPECT_EQ(process.pid, getpid());
  EXPECT_EQ(process.open_fds, 0u);
  EXPECT_EQ(process.start_time_seconds, 0);
  EXPECT_GT(process.max_fds, 0u);
}

#ifdef __linux__
TEST(RealProcessTest, IsPlausible) {
  const ProcessSnapshot process = ReadProcess();
  EXPECT_EQ(process.pid, getpid());
  EXPECT_GT(process.resident_memory_bytes, 100'000u);
  EXPECT_GT(process.virtual_memory_bytes, process.resident_memory_bytes);
  EXPECT_GT(process.start_time_seconds, 1'500'000'000);
  // The boot time is whole seconds, and the clock may be set meanwhile.
  EXPECT_LT(process.start_time_seconds, static_cast<double>(std::time(nullptr)) + 60);
  EXPECT_EQ(process.max_fds, static_cast<uint64_t>(sysconf(_SC_OPEN_MAX)));
  EXPECT_GE(process.threads, 1u);
}

TEST(RealProcessTest, OpenFilesFollowTheProcess) {
  const uint64_t before = ReadProcess().open_fds;
  const int fd = dup(STDERR_FILENO);
  ASSERT_GE(fd, 0);
  EXPECT_EQ(ReadProcess().open_fds, before + 1);
  close(fd);
  EXPECT_EQ(ReadProcess().open_fds, before);
}

// The descriptor that the count itself needs is not one of them.
TEST(RealProcessTest, OpenFilesAreThoseOfTheProcess) {
  uint64_t open_fds = 0;
  for (int fd = 0; fd < 4096; ++fd) open_fds += fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  EXPECT_EQ(ReadProcess().open_fds, open_fds);
}

// By the kernel's own listing: sanitizers run threads of their own.
uint64_t ListedThreads() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<uint64_t>(std::distance(begin(tasks), end(tasks)));
}

TEST(RealProcessTest, ThreadsAreCounted) {
  EXPECT_EQ(ReadProcess().threads, ListedThreads());
  uint64_t meanwhile = 0;
  uint64_t listed = 0;
  std::thread thread([&] {
    meanwhile = ReadProcess().threads;
    listed = ListedThreads();
  });
  thread.join();
  EXPECT_EQ(meanwhile, listed);
  EXPECT_GE(meanwhile, 2u);
}

// The start time of a child is its own, although the parent has read its own before.
TEST(RealProcessTest, ForkedChildReadsItself) {
  const ProcessSnapshot parent = ReadProcess();
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const ProcessSnapshot process = ReadProcess();
    _exit(process.pid == getpid() && process.pid != parent.pid &&
                  process.start_time_seconds >= parent.start_time_seconds && process.threads == ListedThreads()
              ? 0
              : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
#endif

}  // namespace
}  // namespace toolvitals
