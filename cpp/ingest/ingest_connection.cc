// Reading a client's bytes, and closing it when it is idle or wrong. Floor: ingest.
#include "ingest/ingest_connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>

#include "base/descriptors.h"
#include "net/own_socket.h"

namespace toolvitals {

bool IngestConnection::Adopt(int descriptor) {
  boost::system::error_code error;
  socket_.assign(descriptor, error);
  if (error) return false;
  loop_.recorder.AddConnections(1);
  return true;
}

void IngestConnection::Wait() {
  socket_.async_wait(WatchedSocket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || !self->socket_.is_open()) return;
    try {
      self->OnReadable();
    } catch (...) {
      // Memory is short, and this client is the one who has to go.
      self->Close();
    }
  });
}

void IngestConnection::OnReadable() {
  loop_.connections.Touch(*this);
  for (int i = 0; i < kMaxReadsPerWake; ++i) {
    switch (ReadSome()) {
      case Progress::kRead:
        break;
      case Progress::kDry:
        return Wait();
      case Progress::kEnd:
        return Close();
    }
  }
  Wait();
}

IngestConnection::Progress IngestConnection::ReadSome() {
  if (!IsTrackedFile(socket_.native_handle())) return Progress::kEnd;
  const ssize_t received = recv(socket_.native_handle(), loop_.buffer.get(), kIngestReadBytes, MSG_DONTWAIT);
  if (received > 0) {
    splitter_.Append({loop_.buffer.get(), static_cast<size_t>(received)});
    return Progress::kRead;
  }
  if (received == 0) return Progress::kEnd;
  if (errno == EINTR) return Progress::kRead;
  return errno == EAGAIN || errno == EWOULDBLOCK ? Progress::kDry : Progress::kEnd;
}

void IngestConnection::Close() noexcept {
  if (!socket_.is_open()) return;
  try {
    if (IsTrackedFile(socket_.native_handle())) shutdown(socket_.native_handle(), SHUT_RD);
    while (ReadSome() == Progress::kRead) {
    }
    splitter_.Finish();
  } catch (...) {
    // Memory is short: what could not be taken in is lost with the connection.
  }
  CloseOwn(socket_);
  loop_.recorder.AddConnections(-1);
  loop_.connections.Remove(*this);
}

}  // namespace toolvitals
