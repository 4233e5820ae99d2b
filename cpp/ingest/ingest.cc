// Floor: ingest.
#include "ingest/ingest.h"

#include <sys/socket.h>

#include <atomic>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/synchronization/mutex.h"
#include "base/descriptors.h"
#include "ingest/datagram_receiver.h"
#include "ingest/ingest_listener.h"
#include "net/loop_thread.h"

namespace toolvitals {
namespace {

constexpr mode_t kMaxMode = 0777;

}  // namespace

class Ingest::Impl : public LoopOwner {
 public:
  Impl(IngestRecorder& recorder, const IngestTuning& tuning)
      : loop_(recorder, tuning, tuning.max_connections > 0 ? tuning.max_connections : DefaultMaxConnections()),
        listener_(loop_),
        datagrams_(loop_),
        users_timer_(loop_.io) {}
  ~Impl() override { Stop(); }

  absl::Status Open(const IngestOptions& options);
  void StartThread();
  void Stop();
  bool running() const { return !ended_.load(std::memory_order_relaxed) && loop_.IsIntact() && IsIntact(); }

 private:
  void Run() noexcept;
  bool IsIntact() const;
  void DrainAll();
  void Resume();
  void RefreshUsersLater();

  IngestLoop loop_;
  IngestListener listener_;
  DatagramReceiver datagrams_;
  LoopTimer users_timer_;
  bool timing_ = false;
  std::atomic<bool> ended_ = false;  // by itself or by Stop()
  absl::Mutex stopping_;
  std::thread thread_;
};

absl::Status Ingest::Impl::Open(const IngestOptions& options) {
  if (!options.stream_path.empty()) {
    auto path = SocketPath::Bind(options.stream_path, SOCK_STREAM, options.mode);
    if (!path.ok()) return path.status();
    if (absl::Status status = listener_.Open(*std::move(path)); !status.ok()) return status;
  }
  if (!options.datagram_path.empty()) {
    auto path = SocketPath::Bind(options.datagram_path, SOCK_DGRAM, options.mode);
    if (!path.ok()) return path.status();
    if (absl::Status status = datagrams_.Open(*std::move(path)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

void Ingest::Impl::StartThread() {
  Resume();
  thread_ = StartLoopThread([this] { Run(); });
}

void Ingest::Impl::Run() noexcept {
  loop_.Run(
      loop_.tuning.accept_backoff, [this] { Resume(); }, [this] { return IsIntact(); });
  // Of a loop that was lost something may be left, and programs would send to it.
  DrainAll();
}

bool Ingest::Impl::IsIntact() const {
  const auto is_own = [](int descriptor) { return descriptor < 0 || IsTrackedFile(descriptor); };
  return is_own(listener_.descriptor()) && is_own(datagrams_.descriptor());
}

void Ingest::Impl::DrainAll() {
  ended_.store(true, std::memory_order_relaxed);
  listener_.Drain();
  datagrams_.Drain();
  loop_.connections.CloseAll();
}

// Takes up whatever is not under way.
void Ingest::Impl::Resume() {
  listener_.Start();
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

void Ingest::Impl::Stop() {
  const absl::MutexLock lock(&stopping_);
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
  // With the thread gone, everything that was its alone is ours. Where there was none, nobody has drained it yet.
  DrainAll();
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

Ingest::~Ingest() {
  if (impl_->IsOfParent()) LoopOwner::Bury(std::move(impl_));
}

bool Ingest::running() const { return !impl_->IsOfParent() && impl_->running(); }

void Ingest::Stop() {
  if (!impl_->IsOfParent()) impl_->Stop();
}

}  // namespace toolvitals
