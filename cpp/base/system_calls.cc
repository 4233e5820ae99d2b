// The system calls of Linux. Floor: base.
#include "base/system_calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "base/descriptors.h"

namespace toolvitals {

int OpenSocket(int family, int type, int protocol) {
  return MovedAboveStandard(socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol));
}

int AcceptClient(int listening) {
  return MovedAboveStandard(accept4(listening, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

void NameThisThread(const char* name) { pthread_setname_np(pthread_self(), name); }

bool FillRandomly(void* bytes, size_t size) { return getrandom(bytes, size, 0) == static_cast<ssize_t>(size); }

bool ReserveRoom(int descriptor, off_t begin, off_t bytes) {
  int result = 0;
  do {
    result = fallocate(descriptor, 0, begin, bytes);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

bool ReturnRoom(int descriptor, off_t begin, off_t bytes) {
  return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, begin, bytes) == 0;
}

int MakeFileInMemory(const char* name) { return MovedAboveStandard(memfd_create(name, MFD_CLOEXEC)); }

int OpenFileAgain(int descriptor) {
  constexpr std::string_view kFolder = "/proc/self/fd/";
  std::array<char, 32> path = {};
  kFolder.copy(path.data(), kFolder.size());
  std::to_chars(path.data() + kFolder.size(), path.data() + path.size() - 1, descriptor);
  return MovedAboveStandard(open(path.data(), O_RDWR | O_CLOEXEC));
}

}  // namespace toolvitals
