// A Unix socket at a path: made where nothing or a stale socket of ours is, and taken away only if it is still ours.
// Floor: net.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace toolvitals {

// Bound, non-blocking, close-on-exec, and listening if it is a stream socket. The descriptor is tracked for the child
// of a fork. For one thread at a time.
class SocketPath {
 public:
  // `type` is SOCK_STREAM or SOCK_DGRAM. At no instant can anybody reach the socket whom `mode` does not let.
  //
  // Errors name the path. kInvalidArgument: it is empty, has a NUL or more than 107 bytes. kNotFound: its folder is not
  // there. kFailedPrecondition: it is no folder. kAlreadyExists: a live socket, or something else than a socket, is
  // there. kPermissionDenied: a socket of another user is there, or the folder cannot be written. kResourceExhausted:
  // no descriptor is left.
  static absl::StatusOr<std::unique_ptr<SocketPath>> Bind(const std::string& path, int type, mode_t mode);

  ~SocketPath();  // removes the path and closes the descriptor, where that is not done yet
  SocketPath(const SocketPath&) = delete;
  SocketPath& operator=(const SocketPath&) = delete;

  int descriptor() const { return descriptor_; }
  // The descriptor becomes the caller's to close.
  void Release() { descriptor_ = -1; }

  // Unlinks the path if it still leads to this socket. To be called while the socket is live: a stale one might be
  // replaced by another server between the look and the removal.
  void Remove() noexcept;

 private:
  SocketPath(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  const std::string path_;  // absolute, for the working directory may change
  int descriptor_;
  bool is_there_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace toolvitals
