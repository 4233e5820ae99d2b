// Binding a socket to a path, and draining it at its end. Floor: net.
#include "net/unix_socket.h"

#include <sys/socket.h>

#include "base/descriptors.h"

namespace toolvitals {

absl::Status UnixSocket::Open(std::unique_ptr<SocketPath> path) {
  if (absl::Status status = watch_.Open(path->descriptor()); !status.ok()) return status;
  path->Release();
  path_ = std::move(path);
  return absl::OkStatus();
}

void UnixSocket::Drain(absl::FunctionRef<void(int descriptor)> take_rest) noexcept {
  if (!watch_.is_open()) return;
  path_->Remove();
  if (IsTrackedFile(descriptor())) {
    // From here on connecting and sending are refused, and what is in the kernel's queue is given out.
    shutdown(descriptor(), SHUT_RD);
    take_rest(descriptor());
  }
  Close();
}

void UnixSocket::Close() noexcept {
  watch_.Close();
  path_.reset();
}

}  // namespace toolvitals
