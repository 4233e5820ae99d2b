// Floor: ingest.
#include "ingest/ingest_listener.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/descriptors.h"
#include "ingest/ingest_connection.h"
#include "net/own_socket.h"

namespace toolvitals {

absl::Status IngestListener::Open(std::unique_ptr<SocketPath> path) {
  boost::system::error_code error;
  socket_.assign(path->descriptor(), error);
  if (error) return absl::ResourceExhaustedError("the event loop cannot watch another socket");
  descriptor_ = path->descriptor();
  path->Release();
  path_ = std::move(path);
  return absl::OkStatus();
}

void IngestListener::Start() {
  if (!waiting_ && socket_.is_open()) Wait();
}

void IngestListener::Wait() {
  socket_.async_wait(WatchedSocket::wait_read, [this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) AcceptReady();
  });
  waiting_ = true;
}

void IngestListener::WaitAfterBackoff() {
  backoff_.expires_after(loop_.tuning.accept_backoff);
  backoff_.async_wait([this](const boost::system::error_code& error) {
    waiting_ = false;
    if (!error) Wait();
  });
  waiting_ = true;
}

void IngestListener::AcceptReady() {
  for (int accepted = 0; accepted < kMaxAcceptsPerWake; ++accepted) {
    // Where it is not, the loop finds it out likewise, and ends.
    if (!IsTrackedFile(descriptor_)) return;
    const int descriptor = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor >= 0) {
      Welcome(descriptor);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return WaitAfterBackoff();
    }
  }
  Wait();
}

void IngestListener::Welcome(int descriptor) {
  std::shared_ptr<IngestConnection> connection;
  bool is_adopted = false;
  try {
    if (loop_.connections.MakeRoom() && TrackDescriptor(descriptor)) {
      connection = std::make_shared<IngestConnection>(loop_);
      is_adopted = connection->Adopt(descriptor);
      if (is_adopted) {
        loop_.connections.Add(connection);
        return connection->Start();
      }
    }
  } catch (...) {
    // Memory is short, and this client is the one who has to go.
  }
  if (is_adopted) return connection->Close();
  UntrackDescriptor(descriptor);
  close(descriptor);
}

void IngestListener::Drain() noexcept {
  if (!socket_.is_open()) return;
  path_->Remove();
  if (!IsTrackedFile(descriptor_)) return Close();
  // From here on connecting is refused, and accept() gives those who are in the queue. One at a time, so that
  // descriptors suffice however many they are.
  shutdown(descriptor_, SHUT_RD);
  loop_.connections.CloseAll();
  for (;;) {
    const int descriptor = accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (descriptor < 0 && errno != EINTR && errno != ECONNABORTED) break;
    if (descriptor >= 0) Welcome(descriptor);
    loop_.connections.CloseAll();
  }
  Close();
}

void IngestListener::Close() noexcept {
  if (!socket_.is_open()) return;
  CloseOwn(socket_);
  path_.reset();
}

}  // namespace toolvitals
