// Creating, locking, growing and mapping a segment's file. Floor: store.
#include "store/file_region.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/descriptors.h"

namespace toolvitals {
namespace {

struct flock ByteLock(short type, uint64_t byte) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(byte);
  lock.l_len = 1;
  return lock;
}

}  // namespace

void FileRegion::Close() {
  if (IsOpen()) close(descriptor_);
  descriptor_ = -1;
}

bool FileRegion::Reopen() {
  if (IsOpen()) return true;
  if (path_.empty()) return false;
  const int descriptor = MovedAboveStandard(open(path_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor < 0) return false;
  if (!identity_.IsOf(descriptor)) {
    close(descriptor);
    return false;
  }
  descriptor_ = descriptor;
  return true;
}

bool TryLockByte(int descriptor, uint64_t byte) {
  struct flock lock = ByteLock(F_WRLCK, byte);
  return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

bool TryShareByte(int descriptor, uint64_t byte) {
  struct flock lock = ByteLock(F_RDLCK, byte);
  return fcntl(descriptor, F_OFD_SETLK, &lock) == 0;
}

void UnlockByte(int descriptor, uint64_t byte) {
  struct flock lock = ByteLock(F_UNLCK, byte);
  fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool IsByteLocked(int descriptor, uint64_t byte) {
  struct flock lock = ByteLock(F_WRLCK, byte);
  return fcntl(descriptor, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

}  // namespace toolvitals
