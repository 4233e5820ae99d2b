// Sockets that nobody inherits, room in files, files in memory. Floor: base.
#include "base/system_calls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace toolvitals {
namespace {

constexpr off_t kMiB = 1 << 20;

void ExpectPrivate(int descriptor) {
  EXPECT_TRUE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
}

off_t BytesOnDisk(int descriptor) {
  struct stat found = {};
  EXPECT_EQ(fstat(descriptor, &found), 0);
  return found.st_blocks * 512;
}

TEST(SystemCalls, SocketsAndTheirClientsAreInheritedByNobody) {
  const int listening = OpenSocket(AF_INET, SOCK_STREAM);
  ASSERT_GE(listening, 0);
  ExpectPrivate(listening);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  ASSERT_EQ(bind(listening, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listening, 1), 0);
  ASSERT_EQ(getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size), 0);
  EXPECT_EQ(AcceptClient(listening), -1);
  EXPECT_EQ(errno, EAGAIN);

  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), size), 0);
  const int accepted = AcceptClient(listening);
  ASSERT_GE(accepted, 0);
  ExpectPrivate(accepted);
  for (const int descriptor : {accepted, client, listening}) close(descriptor);
}

TEST(SystemCalls, AThreadHasItsName) {
  std::array<char, 16> name = {};
  std::thread([&name] {
    NameThisThread("tv-test");
    pthread_getname_np(pthread_self(), name.data(), name.size());
  }).join();
  EXPECT_STREQ(name.data(), "tv-test");
}

TEST(SystemCalls, RandomBitsFillAllThatIsAskedFor) {
  std::array<uint64_t, 4> first = {};
  std::array<uint64_t, 4> second = {};
  ASSERT_TRUE(FillRandomly(first.data(), sizeof(first)));
  ASSERT_TRUE(FillRandomly(second.data(), sizeof(second)));
  for (size_t i = 0; i < first.size(); ++i) EXPECT_NE(first[i], second[i]);
}

TEST(SystemCalls, RoomIsReservedAndReturned) {
  const int file = MakeFileInMemory("tv-test");
  ASSERT_GE(file, 0);
  EXPECT_TRUE(fcntl(file, F_GETFD) & FD_CLOEXEC);
  ASSERT_TRUE(ReserveRoom(file, 0, kMiB));
  EXPECT_EQ(BytesOnDisk(file), kMiB);
  ASSERT_EQ(pwrite(file, "x", 1, 0), 1);
  ASSERT_TRUE(ReturnRoom(file, 0, kMiB));
  EXPECT_EQ(BytesOnDisk(file), 0);
  char left = 'x';
  EXPECT_EQ(pread(file, &left, 1, 0), 1);
  EXPECT_EQ(left, '\0');
  close(file);
  EXPECT_FALSE(ReserveRoom(file, 0, kMiB));
  EXPECT_EQ(errno, EBADF);
}

TEST(SystemCalls, AFileThatIsOpenedAgainIsTheSameFileWithAnOffsetOfItsOwn) {
  const int file = MakeFileInMemory("tv-test");
  const int again = OpenFileAgain(file);
  ASSERT_GE(again, 0);
  EXPECT_TRUE(fcntl(again, F_GETFD) & FD_CLOEXEC);
  ASSERT_EQ(write(file, "kept", 4), 4);
  EXPECT_EQ(lseek(again, 0, SEEK_CUR), 0);
  std::string read_back(4, '\0');
  EXPECT_EQ(read(again, read_back.data(), read_back.size()), 4);
  EXPECT_EQ(read_back, "kept");
  for (const int descriptor : {file, again}) close(descriptor);
  EXPECT_EQ(OpenFileAgain(file), -1);
}

}  // namespace
}  // namespace toolvitals
