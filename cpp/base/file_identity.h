// Which file an open descriptor is of, so that one can ask later whether the number still means it.
// Floor: base.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>

namespace toolvitals {

// For files that have an inode of their own: regular files, directories, files in memory. Each function is one system
// call, async-signal-safe, and leaves errno alone.
class FileIdentity {
 public:
  FileIdentity() = default;
  explicit FileIdentity(int descriptor) {
    struct stat status = {};
    if (!Look(descriptor, status)) return;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    is_known_ = true;
  }

  bool IsOf(int descriptor) const {
    struct stat status = {};
    return is_known_ && Look(descriptor, status) && status.st_dev == device_ && status.st_ino == inode_;
  }

 private:
  static bool Look(int descriptor, struct stat& status) {
    const int saved_errno = errno;
    const bool is_open = descriptor >= 0 && fstat(descriptor, &status) == 0;
    errno = saved_errno;
    return is_open;
  }

  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool is_known_ = false;
};

}  // namespace toolvitals
