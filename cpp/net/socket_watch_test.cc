// Clients in plenty, errors while they are accepted, and sockets that end. Floor: net.
#include "net/socket_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "base/descriptors.h"
#include "net/address.h"
#include "net/net_limits.h"
#include "net/testing.h"
#include "net/unix_client.h"
#include "net/unix_socket.h"

namespace toolvitals {
namespace {

using Next = SocketWatch::Next;

class SocketWatchTest : public testing::Test {
 protected:
  std::unique_ptr<SocketPath> Path(int type) {
    auto path = SocketPath::Bind(path_, type, 0600);
    EXPECT_TRUE(path.ok()) << path.status();
    return *std::move(path);
  }

  SocketFolder folder_;
  const std::string path_ = folder_ / "socket";
  IoLoop loop_;
};

TEST_F(SocketWatchTest, AcceptsAtATcpSocketAsAtAUnixSocket) {
  const auto addresses = ResolveHost("127.0.0.1");
  ASSERT_TRUE(addresses.ok());
  const auto tcp = OpenListeningSocket(addresses->front(), 0, "127.0.0.1");
  ASSERT_TRUE(tcp.ok());
  const auto path = Path(SOCK_STREAM);
  const UnixClient at_path(path_);
  const int at_port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_storage bound = {};
  socklen_t length = sizeof bound;
  ASSERT_EQ(getsockname(*tcp, reinterpret_cast<sockaddr*>(&bound), &length), 0);
  ASSERT_EQ(connect(at_port, reinterpret_cast<const sockaddr*>(&bound), length), 0);
  for (const int listening : {*tcp, path->descriptor()}) {
    std::vector<int> accepted;
    EXPECT_EQ(AcceptClients(listening, [&](int descriptor) { accepted.push_back(descriptor); }), Next::kWait);
    ASSERT_EQ(accepted.size(), 1u);
    EXPECT_NE(fcntl(accepted[0], F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_NE(fcntl(accepted[0], F_GETFL) & O_NONBLOCK, 0);
    close(accepted[0]);
  }
  close(at_port);
  close(*tcp);
}

TEST_F(SocketWatchTest, LeavesManyClientsForTheNextTime) {
  const auto path = Path(SOCK_STREAM);
  std::vector<std::unique_ptr<UnixClient>> clients;
  for (int i = 0; i <= kMaxAcceptsPerWake; ++i) clients.push_back(std::make_unique<UnixClient>(path_));
  int accepted = 0;
  const auto count = [&](int descriptor) {
    ++accepted;
    close(descriptor);
  };
  EXPECT_EQ(AcceptClients(path->descriptor(), count), Next::kWait);
  EXPECT_EQ(accepted, kMaxAcceptsPerWake);
  EXPECT_EQ(AcceptClients(path->descriptor(), count), Next::kWait);
  EXPECT_EQ(accepted, kMaxAcceptsPerWake + 1);
}

TEST_F(SocketWatchTest, WhatIsNotAboutAClientIsReasonToBackOff) {
  const auto nobody = [](int) { FAIL() << "accepted"; };
  EXPECT_EQ(AcceptClients(-1, nobody), Next::kBackOff);
  EXPECT_EQ(errno, EBADF);
}

TEST_F(SocketWatchTest, LooksAgainAfterABackOff) {
  int looks = 0;
  SocketWatch watch(loop_, std::chrono::milliseconds(1), [&](int) {
    if (++looks == 3) loop_.Stop();
    return looks < 3 ? Next::kBackOff : Next::kWait;
  });
  auto path = Path(SOCK_DGRAM);
  ASSERT_TRUE(watch.Open(path->descriptor()).ok());
  path->Release();
  ASSERT_TRUE(UnixClient(path_, SOCK_DGRAM).Send("line"));
  watch.Start();
  watch.Start();  // nothing more: it waits
  loop_.Run(
      std::chrono::milliseconds(1), [] {}, [] { return true; });
  EXPECT_EQ(looks, 3);
}

TEST_F(SocketWatchTest, GoesOnAfterAnException) {
  int looks = 0;
  SocketWatch watch(loop_, std::chrono::milliseconds(1), [&](int) -> Next {
    if (++looks == 2) {
      loop_.Stop();
      return Next::kWait;
    }
    throw std::bad_alloc();
  });
  auto path = Path(SOCK_DGRAM);
  ASSERT_TRUE(watch.Open(path->descriptor()).ok());
  path->Release();
  ASSERT_TRUE(UnixClient(path_, SOCK_DGRAM).Send("line"));
  watch.Start();
  loop_.Run(
      std::chrono::milliseconds(1), [&] { watch.Start(); }, [] { return true; });
  EXPECT_EQ(looks, 2);
}

TEST_F(SocketWatchTest, AUnixSocketGivesOutWhatHadComeBeforeItEnds) {
  UnixSocket datagrams(loop_, std::chrono::milliseconds(1), [](int) { return Next::kWait; });
  ASSERT_TRUE(datagrams.Open(Path(SOCK_DGRAM)).ok());
  UnixClient client(path_, SOCK_DGRAM);
  ASSERT_TRUE(client.Send("one"));
  size_t bytes = 0;
  datagrams.Drain([&](int descriptor) {
    EXPECT_EQ(folder_.entries(), 0u) << "the path goes first";
    EXPECT_FALSE(client.Send("two")) << "nobody sends any more";
    char buffer[16];
    bytes = static_cast<size_t>(recv(descriptor, buffer, sizeof buffer, MSG_DONTWAIT));
  });
  EXPECT_EQ(bytes, 3u);
  EXPECT_FALSE(IsTrackedFile(datagrams.descriptor()));
  datagrams.Drain([](int) { FAIL() << "it is closed"; });
}

}  // namespace
}  // namespace toolvitals
