// Where a segment lies in a file, and the descriptor whose lock says that the segment's process lives.
// Floor: store.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/file_identity.h"

namespace toolvitals {

// Owns the descriptor. Closing it is not releasing the lock: a lock belongs to the open file description, which a
// forked child shares until it has closed its copy, and a mapping until it is unmapped. So a program that closes
// descriptors which are not its own leaves its segment locked; but the number may be somebody else's then.
class FileRegion {
 public:
  FileRegion() = default;
  // The region begins so many bytes into the file, at the start of a page.
  FileRegion(int descriptor, uint64_t begin) : descriptor_(descriptor), begin_(begin), identity_(descriptor) {}
  // With a path by which the file can be opened again.
  FileRegion(int descriptor, uint64_t begin, std::string path) : FileRegion(descriptor, begin) {
    path_ = std::move(path);
  }
  FileRegion(FileRegion&& other) noexcept { *this = std::move(other); }
  FileRegion& operator=(FileRegion&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(begin_, other.begin_);
    std::swap(identity_, other.identity_);
    std::swap(path_, other.path_);
    return *this;
  }
  ~FileRegion() { Close(); }

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }
  uint64_t begin() const { return begin_; }

  // Whether the number still means the file.
  bool IsOpen() const { return identity_.IsOf(descriptor_); }
  // Opens the file again where it is not open any more; false where that cannot be.
  bool Reopen();

  // Async-signal-safe. What the number means by now, if it is another file, stays open.
  void Close();

 private:
  int descriptor_ = -1;
  uint64_t begin_ = 0;
  FileIdentity identity_;
  std::string path_;
};

// Locks of single bytes, exclusive, of open file descriptions (fcntl(2), F_OFD_SETLK): they end with the last
// descriptor of the description, so with the process at the latest, however it ends. Nothing here waits.

// False where another description holds the byte, or the file system has no locks.
bool TryLockByte(int descriptor, uint64_t byte);
// The same with a lock that others may hold as well, for which the descriptor need not be writable.
bool TryShareByte(int descriptor, uint64_t byte);
void UnlockByte(int descriptor, uint64_t byte);
// Whether another description holds it; also where that cannot be found out, so that nobody is taken for dead.
bool IsByteLocked(int descriptor, uint64_t byte);

}  // namespace toolvitals
