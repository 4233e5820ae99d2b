// Floor: ingest.
#include "ingest/datagram_receiver.h"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "base/descriptors.h"
#include "net/own_socket.h"

namespace toolvitals {

absl::Status DatagramReceiver::Open(std::unique_ptr<SocketPath> path) {
  boost::system::error_code error;
  socket_.assign(path->descriptor(), error);
  if (error) return absl::ResourceExhaustedError("the event loop cannot watch another socket");
  descriptor_ = path->descriptor();
  path->Release();
  path_ = std::move(path);
  return absl::OkStatus();
}

void DatagramReceiver::Start() {
  if (!waiting_ && socket_.is_open()) Wait();
}

void DatagramReceiver::Wait() {
  socket_.async_wait(WatchedSocket::wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    // Where it is not its own any more, the loop finds it out likewise, and ends.
    if (error || !IsTrackedFile(descriptor_)) return;
    for (int i = 0; i < kMaxDatagramsPerWake && ReadOne(); ++i) {
    }
    Wait();
  });
  waiting_ = true;
}

bool DatagramReceiver::ReadOne() {
  // With MSG_TRUNC the length is that of the datagram, however little of it fits.
  const ssize_t received = recv(descriptor_, loop_.buffer.get(), kIngestReadBytes, MSG_DONTWAIT | MSG_TRUNC);
  if (received < 0) return errno == EINTR;
  if (static_cast<size_t>(received) > kMaxLineBytes) {
    loop_.recorder.OnBadLine(IngestResult::kLineTooLong);
  } else {
    SplitDatagram({loop_.buffer.get(), static_cast<size_t>(received)}, loop_.recorder);
  }
  return true;
}

void DatagramReceiver::Drain() noexcept {
  if (!socket_.is_open()) return;
  path_->Remove();
  if (!IsTrackedFile(descriptor_)) return Close();
  shutdown(descriptor_, SHUT_RD);
  while (ReadOne()) {
  }
  Close();
}

void DatagramReceiver::Close() noexcept {
  if (!socket_.is_open()) return;
  CloseOwn(socket_);
  path_.reset();
}

}  // namespace toolvitals
