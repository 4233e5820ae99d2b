// Opening the sockets, running the loop, and ending both. Floor: ingest.
#include "ingest/ingest.h"

#include <sys/socket.h>

#include <cerrno>
#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/system_calls.h"
#include "ingest/datagram_receiver.h"
#include "ingest/ingest_connection.h"
#include "net/loop_thread.h"
#include "net/unix_socket.h"

namespace toolvitals {
namespace {

constexpr mode_t kMaxMode = 0777;

}  // namespace

// Where there are too many connections, the one that has been silent for longest makes room, after all that it sent was
// taken in.
class Ingest::Impl : public LoopOwner {
 public:
  Impl(IngestRecorder& recorder, const IngestTuning& tuning)
      : LoopOwner(loop_, tuning.accept_backoff),
        loop_(recorder, tuning, tuning.max_connections > 0 ? tuning.max_connections : DefaultMaxConnections()),
        streams_(loop_, tuning.accept_backoff,
                 [this](int own) { return AcceptClients(own, [this](int descriptor) { Welcome(descriptor); }); }),
        datagrams_(loop_, tuning.accept_backoff, [this](int own) { return ReceiveDatagrams(own, loop_); }),
        users_timer_(loop_.io) {}
  ~Impl() override { Stop(); }

  absl::Status Open(const IngestOptions& options);

 private:
  void Welcome(int descriptor) noexcept;
  void TakeInWaitingClients(int descriptor);
  void Resume() override;
  void CloseAll() noexcept override;
  void RefreshUsersLater();

  IngestLoop loop_;
  UnixSocket streams_;
  UnixSocket datagrams_;
  LoopTimer users_timer_;
  bool timing_ = false;
};

absl::Status Ingest::Impl::Open(const IngestOptions& options) {
  const auto open = [&](UnixSocket& socket, const std::string& at, int type) -> absl::Status {
    if (at.empty()) return absl::OkStatus();
    auto path = SocketPath::Bind(at, type, options.mode);
    if (!path.ok()) return path.status();
    if (absl::Status status = socket.Open(*std::move(path)); !status.ok()) return status;
    DependOn(socket.descriptor());
    return absl::OkStatus();
  };
  if (absl::Status status = open(streams_, options.stream_path, SOCK_STREAM); !status.ok()) return status;
  return open(datagrams_, options.datagram_path, SOCK_DGRAM);
}

void Ingest::Impl::Welcome(int descriptor) noexcept {
  loop_.connections.Welcome(descriptor, [this] { return std::make_shared<IngestConnection>(loop_); });
}

// One at a time, so that descriptors suffice however many they are.
void Ingest::Impl::TakeInWaitingClients(int descriptor) {
  for (;;) {
    loop_.connections.CloseAll();
    const int accepted = AcceptClient(descriptor);
    if (accepted < 0 && errno != EINTR && errno != ECONNABORTED) return;
    if (accepted >= 0) Welcome(accepted);
  }
}

void Ingest::Impl::CloseAll() noexcept {
  streams_.Drain([this](int descriptor) { TakeInWaitingClients(descriptor); });
  datagrams_.Drain([this](int descriptor) { ReceiveAllDatagrams(descriptor, loop_); });
  loop_.connections.CloseAll();
}

void Ingest::Impl::Resume() {
  streams_.Start();
  datagrams_.Start();
  loop_.connections.ScheduleSweep();
  if (!timing_) RefreshUsersLater();
}

void Ingest::Impl::RefreshUsersLater() {
  users_timer_.expires_after(loop_.tuning.users_interval);
  users_timer_.async_wait([this](const boost::system::error_code& error) {
    timing_ = false;
    if (error) return;
    loop_.recorder.Refresh();
    RefreshUsersLater();
  });
  timing_ = true;
}

Ingest::Ingest(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Ingest>> Ingest::Start(IngestRecorder& recorder, const IngestOptions& options,
                                                      const IngestTuning& tuning) {
  if (options.stream_path.empty() && options.datagram_path.empty()) {
    return absl::InvalidArgumentError("an ingest needs the path of a stream socket, of a datagram socket, or both");
  }
  if (options.mode > kMaxMode) {
    return absl::InvalidArgumentError(absl::StrFormat("socket mode %o must be permissions, 0 to 777", options.mode));
  }
  try {
    auto impl = std::make_unique<Impl>(recorder, tuning);
    if (absl::Status status = impl->Open(options); !status.ok()) return status;
    impl->StartThread();
    return std::unique_ptr<Ingest>(new Ingest(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("memory is too short to start the ingest");
  } catch (const std::exception& error) {
    // Of the loop's descriptors or of its thread.
    return absl::ResourceExhaustedError(absl::StrCat("the ingest cannot start: ", error.what()));
  }
}

Ingest::~Ingest() { LoopOwner::Destroy(std::move(impl_)); }

bool Ingest::running() const { return impl_->running(); }

void Ingest::Stop() {
  if (!impl_->IsOfParent()) impl_->Stop();
}

}  // namespace toolvitals
