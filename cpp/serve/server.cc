// Floor: serve.
#include "serve/server.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/descriptors.h"
#include "serve/address.h"
#include "serve/event_loop.h"
#include "serve/listener.h"
#include "serve/server_tuning.h"

namespace toolvitals {
namespace {

ServerTuning current_tuning;

size_t MaxConnections(const ServerTuning& tuning) {
  if (tuning.max_connections > 0) return tuning.max_connections;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kMaxConnections;
  return std::clamp<size_t>(limit.rlim_cur / 2, kMinConnections, kMaxConnections);
}

// Every signal is the application's: while this lives, threads that are born inherit a mask that blocks them all.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

ScopedServerTuning::ScopedServerTuning(const ServerTuning& tuning) { current_tuning = tuning; }
ScopedServerTuning::~ScopedServerTuning() { current_tuning = ServerTuning(); }
ServerTuning ScopedServerTuning::Current() { return current_tuning; }

class Server::Impl {
 public:
  Impl(const ServerTuning& tuning, ServerOptions& options)
      : loop_(tuning, MaxConnections(tuning), std::move(options.snapshot), std::move(options.observe_scrape)) {}

  absl::Status Open(const ServerOptions& options);
  void StartThread();
  void Stop();

  // In a forked child the thread does not exist, locks may be held by nobody, and the descriptors' numbers may be
  // somebody else's by now.
  bool IsOfParent() const { return generation_ != DescriptorGeneration() || pid_ != getpid(); }
  // Keeps a parent's server, which cannot be destroyed, where leak checkers find it.
  static void Bury(std::unique_ptr<Impl> impl);

  const std::vector<uint16_t>& ports() const { return ports_; }

 private:
  void Run() noexcept;

  const uint64_t generation_ = DescriptorGeneration();
  const pid_t pid_ = getpid();
  EventLoop loop_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<uint16_t> ports_;
  absl::Mutex stopping_;
  std::thread thread_;
  Impl* buried_below_ = nullptr;
};

absl::Status Server::Impl::Open(const ServerOptions& options) {
  const std::span<const ExpositionFormat> formats =
      loop_.tuning.formats.empty() ? ExpositionFormats() : loop_.tuning.formats;
  const absl::StatusOr<std::vector<Address>> addresses = ResolveHost(options.host);
  if (!addresses.ok()) return addresses.status();
  for (const ListenOptions& listen : options.listeners) {
    RouterConfig config = {.formats = formats, .auth_token = options.auth_token};
    for (const ExpositionFormat& format : formats) {
      if (format.name == listen.default_format) config.default_format = &format;
    }
    if (config.default_format == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no exposition format '", listen.default_format, "'"));
    }
    auto listener = std::make_unique<Listener>(loop_, std::move(config));
    if (absl::Status status = listener->Open(*addresses, listen.port, options.host, options.is_our_port); !status.ok())
      return status;
    ports_.push_back(listener->port());
    listeners_.push_back(std::move(listener));
  }
  return absl::OkStatus();
}

void Server::Impl::StartThread() {
  for (const auto& listener : listeners_) listener->Start();
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this] { Run(); });
}

void Server::Impl::Run() noexcept {
  pthread_setname_np(pthread_self(), "toolvitals");
  loop_.Run([this] {
    for (const auto& listener : listeners_) listener->Start();
    loop_.connections.ScheduleSweep();
  });
}

void Server::Impl::Stop() {
  const absl::MutexLock lock(&stopping_);
  loop_.io.stop();
  if (thread_.joinable()) thread_.join();
  // With the thread gone, everything that was its alone is ours.
  for (const auto& listener : listeners_) listener->Close();
  loop_.connections.CloseAll();
}

void Server::Impl::Bury(std::unique_ptr<Impl> impl) {
  static std::atomic<Impl*> buried = nullptr;
  impl->buried_below_ = buried.load(std::memory_order_relaxed);
  Impl* const top = impl.release();
  // Release, so that whoever walks the list one day (only leak checkers do) sees the links.
  while (!buried.compare_exchange_weak(top->buried_below_, top, std::memory_order_release, std::memory_order_relaxed)) {
  }
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  if (options.listeners.empty()) return absl::InvalidArgumentError("a server needs at least one port to listen on");
  if (!options.snapshot) return absl::InvalidArgumentError("a server needs a source of snapshots");
  try {
    auto impl = std::make_unique<Impl>(ScopedServerTuning::Current(), options);
    absl::Status status = impl->Open(options);
    if (status.ok()) {
      impl->StartThread();
      return std::unique_ptr<Server>(new Server(std::move(impl)));
    }
    impl->Stop();
    return status;
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("memory is too short to start the endpoints");
  } catch (const std::exception& error) {
    // Of the loop's descriptors or of its thread.
    return absl::ResourceExhaustedError(absl::StrCat("the endpoints cannot start: ", error.what()));
  }
}

Server::~Server() {
  if (impl_->IsOfParent()) {
    Impl::Bury(std::move(impl_));
  } else {
    impl_->Stop();
  }
}

void Server::Stop() {
  if (!impl_->IsOfParent()) impl_->Stop();
}

const std::vector<uint16_t>& Server::ports() const { return impl_->ports(); }

void Server::AbandonAllAfterFork() { CloseTrackedDescriptors(); }

}  // namespace toolvitals
