// The running ingest: real sockets, well-behaved clients and others.
// Floor: ingest.
#include "ingest/ingest.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/testing.h"
#include "ingest/ingest_test_base.h"
#include "serve/server.h"

namespace toolvitals {
namespace {

const std::string kLine = "{\"counter\":\"c\",\"value\":1}\n";

class IngestTest : public IngestTestBase {};

TEST_F(IngestTest, TakesLinesAndDatagrams) {
  Start();
  UnixClient stream(stream_), datagram(datagram_, SOCK_DGRAM);
  ASSERT_TRUE(stream.connected() && datagram.connected());
  EXPECT_TRUE(stream.Send(kLine + kLine));
  EXPECT_TRUE(datagram.SendDatagram(R"({"counter":"c","value":5})"));
  EXPECT_TRUE(datagram.SendDatagram(""));
  EXPECT_TRUE(datagram.SendDatagram(kLine + kLine));
  AwaitLines("accepted", 5);
  EXPECT_EQ(Value("c"), 9);
  EXPECT_EQ(Value("toolvitals_ipc_connections"), 1);
  stream.Close();
  Await([&] { return Value("toolvitals_ipc_connections") == 0; });
}

TEST_F(IngestTest, OneSocketIsEnough) {
  options_.datagram_path.clear();
  Start();
  EXPECT_TRUE(UnixClient(stream_).Send(kLine));
  AwaitLines("accepted", 1);
  EXPECT_EQ(folder_.entries(), 1u);
  options_ = {.stream_path = "", .datagram_path = datagram_};
  Start();
  EXPECT_TRUE(UnixClient(datagram_, SOCK_DGRAM).SendDatagram(kLine));
  AwaitLines("accepted", 2);
}

TEST_F(IngestTest, WhatCannotStartNamesThePathAndLeavesNothing) {
  const size_t descriptors = CountEntries("/proc/self/fd");
  options_.datagram_path = folder_ / "none/socket";
  const absl::Status status = TryStart().status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(std::string(status.message()).find(options_.datagram_path), std::string::npos) << status;
  EXPECT_EQ(folder_.entries(), 0u);
  options_ = {};
  EXPECT_TRUE(absl::IsInvalidArgument(TryStart().status()));
  options_ = {.stream_path = stream_, .datagram_path = "", .mode = 01777};
  EXPECT_TRUE(absl::IsInvalidArgument(TryStart().status()));
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors);
}

TEST_F(IngestTest, ALineMayComeByteByByte) {
  Start();
  UnixClient slow(stream_), quick(stream_);
  for (const char byte : kLine) {
    EXPECT_TRUE(slow.Send({&byte, 1}));
    EXPECT_TRUE(quick.Send(kLine));
  }
  AwaitLines("accepted", static_cast<double>(kLine.size() + 1));
}

TEST_F(IngestTest, BadLinesAreCountedAndTheConnectionGoesOn) {
  Start();
  UnixClient client(stream_);
  std::string junk;
  for (int i = 0; i < 256; ++i) junk += static_cast<char>(i);
  client.Send("\n\r\n" + kLine + "nonsense\n" + kLine + junk + "\n" + std::string(1'000'000, '[') + "\n" + kLine);
  AwaitLines("accepted", 3);
  EXPECT_EQ(Lines("line_too_long"), 1);
  EXPECT_EQ(Lines("json"), 1 + 1) << "nonsense, and the junk before its line feed";
  EXPECT_EQ(Lines("encoding"), 1) << "the junk behind it";
}

TEST_F(IngestTest, AHalfLineAtTheEndIsNotTaken) {
  Start();
  UnixClient(stream_).Send(kLine + R"({"counter":"c","value":100})");
  AwaitLines("incomplete_line", 1);
  EXPECT_EQ(Value("c"), 1);
}

TEST_F(IngestTest, ADatagramOverTheLimitIsCounted) {
  Start();
  UnixClient client(datagram_, SOCK_DGRAM);
  EXPECT_TRUE(client.SendDatagram(std::string(kMaxLineBytes + 1, ' ')));
  EXPECT_TRUE(client.SendDatagram(kLine + std::string(kMaxLineBytes - kLine.size(), ' ')));
  AwaitLines("accepted", 1);
  EXPECT_EQ(Lines("line_too_long"), 1);
}

TEST_F(IngestTest, UnfinishedLinesAreBoundedTogether) {
  tuning_.max_pending_bytes = 100'000;
  Start();
  std::vector<UnixClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(stream_);
    clients.back().Send(std::string(50'000, ' '));
  }
  AwaitLines("no_memory", 8);
  for (UnixClient& client : clients) client.Send("\n" + kLine);
  AwaitLines("accepted", 10);
}

TEST_F(IngestTest, ThousandsOfConnections) {
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit before = limit;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  // Both ends of each connection are this process's.
  const size_t count = std::min<size_t>(5'000, (limit.rlim_cur - 200) / 2);
  tuning_.max_connections = count + 10;
  Start();
  {
    std::vector<UnixClient> clients;
    clients.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      clients.emplace_back(stream_);
      ASSERT_TRUE(clients.back().connected()) << i;
    }
    for (int round = 0; round < 3; ++round) {
      for (UnixClient& client : clients) ASSERT_TRUE(client.Send(kLine));
    }
    AwaitLines("accepted", static_cast<double>(3 * count));
    EXPECT_EQ(Value("toolvitals_ipc_connections"), count);
  }
  Await([&] { return Value("toolvitals_ipc_connections") == 0; });
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(IngestTest, TheLongestSilentMakesRoomAndNothingThatWasSentIsLost) {
  tuning_.max_connections = 4;
  Start();
  std::vector<UnixClient> clients;
  double sent = 0;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(stream_);
    ASSERT_TRUE(clients.back().connected());
    // Whether it is closed already or not: what a send took is heard.
    for (UnixClient& client : clients) sent += client.Send(kLine) ? 1 : 0;
  }
  AwaitLines("accepted", sent);
  EXPECT_LE(Value("toolvitals_ipc_connections"), 4);
}

TEST_F(IngestTest, StoppingHearsAllThatWasSent) {
  for (int round = 0; round < 10; ++round) {
    const double before = Lines("accepted");
    Start();
    std::atomic<uint64_t> sent = 0;
    std::atomic<size_t> began = 0;
    std::thread stopper([&] {
      while (began.load() < 6) std::this_thread::yield();
      ingest_->Stop();
    });
    RunThreads(6, [&](size_t thread) {
      // Some connect once, some for each line, some send datagrams.
      const bool is_datagram = thread % 3 == 2;
      std::optional<UnixClient> client;
      for (uint64_t i = 0;; ++i) {
        if (!client.has_value() || thread % 3 == 1)
          client.emplace(is_datagram ? datagram_ : stream_, is_datagram ? SOCK_DGRAM : SOCK_STREAM);
        if (i == 50) ++began;
        if (!client->connected() || !(is_datagram ? client->SendDatagram(kLine) : client->Send(kLine))) break;
        ++sent;
      }
      if (began.load() < 6) ++began;
    });
    stopper.join();
    EXPECT_EQ(Lines("accepted") - before, sent.load());
    EXPECT_EQ(folder_.entries(), 0u);
    EXPECT_EQ(Value("toolvitals_ipc_connections"), 0);
  }
}

// One program that sends a line now and then, over one connection or one for each, so that the instant of the stop
// falls between any two of the kernel's steps.
TEST_F(IngestTest, NoInstantOfStoppingLosesALine) {
  Random random(3);
  for (uint64_t round = 0; round < Repetitions(600); ++round) {
    const bool reconnects = round % 2 == 0;
    const uint64_t pause = random.Below(500);
    const double before = Lines("accepted");
    Start();
    std::atomic<uint64_t> sent = 0;
    std::thread sender([&] {
      std::optional<UnixClient> client;
      for (;;) {
        if (!client.has_value() || reconnects) client.emplace(stream_);
        if (!client->connected() || !client->Send(kLine)) return;
        ++sent;
        for (std::atomic<uint64_t> i = 0; i < pause; ++i) {
        }
      }
    });
    while (sent.load() < 3) std::this_thread::yield();
    ingest_->Stop();
    sender.join();
    ASSERT_EQ(Lines("accepted") - before, sent.load()) << "round " << round;
  }
}

TEST_F(IngestTest, AHundredCyclesLeaveNothing) {
  Start();
  ingest_.reset();
  const size_t descriptors = CountEntries("/proc/self/fd");
  const size_t threads = CountEntries("/proc/self/task");
  for (int cycle = 0; cycle < 100; ++cycle) {
    Start();
    UnixClient client(stream_);
    client.Send(kLine + "half");
    if (cycle % 2 == 0) {
      ingest_->Stop();
      ingest_->Stop();
    }
    ingest_.reset();
    EXPECT_FALSE(UnixClient(stream_).connected());
  }
  EXPECT_EQ(CountEntries("/proc/self/fd"), descriptors);
  EXPECT_EQ(CountEntries("/proc/self/task"), threads);
  EXPECT_EQ(Lines("accepted"), 100);
  EXPECT_EQ(Lines("incomplete_line"), 100);
}

TEST_F(IngestTest, AFullDescriptorTableIsWaitedOut) {
  Start();
  rlimit limit = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit saved = limit;
  const int probe = dup(0);
  limit.rlim_cur = static_cast<rlim_t>(probe) + 1;
  close(probe);
  setrlimit(RLIMIT_NOFILE, &limit);
  UnixClient client(stream_);  // takes the last number
  EXPECT_EQ(dup(0), -1);
  EXPECT_TRUE(client.Send(kLine));
  std::this_thread::sleep_for(5 * tuning_.accept_backoff);
  setrlimit(RLIMIT_NOFILE, &saved);
  AwaitLines("accepted", 1);
}

TEST_F(IngestTest, UsersAreForgottenWithoutFurtherLines) {
  tuning_.users_interval = std::chrono::milliseconds(1);
  Start();
  UnixClient(stream_).Send(
      "{\"operation_type\":\"get\",\"success\":true,\"duration_ms\":1,\"labels\":{\"user\":\"ann\"}}\n");
  Await([&] { return Value("active_users") == 1; });
  now_ns_ = 300'000'000'000;
  Await([&] { return Value("active_users") == 0; });
}

TEST_F(IngestTest, AForkedChildLeavesTheParentsSocketsAlone) {
  const size_t descriptors_before = CountEntries("/proc/self/fd");
  Start();
  UnixClient client(stream_);
  client.Send(kLine);
  AwaitLines("accepted", 1);
  const pid_t child = fork();
  if (child == 0) {
    // The client's socket is the test's own and stays open.
    if (CountEntries("/proc/self/fd") != descriptors_before + 1) _exit(1);
    ingest_->Stop();
    ingest_.reset();
    if (folder_.entries() != 2) _exit(2);
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  client.Send(kLine);
  AwaitLines("accepted", 2);
}

}  // namespace
}  // namespace toolvitals
