// Floor: store.
#include "store/file_region.h"

#include <fcntl.h>
#include <unistd.h>

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
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
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
