// Opening the ports, running the loop, and ending both. Floor: serve.
#include "serve/server.h"

#include <exception>
#include <new>
#include <utility>

#include "absl/strings/str_cat.h"
#include "net/address.h"
#include "net/loop_thread.h"
#include "serve/event_loop.h"
#include "serve/listener.h"
#include "serve/server_tuning.h"

namespace toolvitals {
namespace {

ServerTuning current_tuning;

}  // namespace

ScopedServerTuning::ScopedServerTuning(const ServerTuning& tuning) { current_tuning = tuning; }
ScopedServerTuning::~ScopedServerTuning() { current_tuning = ServerTuning(); }
ServerTuning ScopedServerTuning::Current() { return current_tuning; }

class Server::Impl : public LoopOwner {
 public:
  Impl(const ServerTuning& tuning, ServerOptions& options)
      : LoopOwner(loop_, tuning.accept_backoff),
        loop_(tuning, tuning.max_connections > 0 ? tuning.max_connections : DefaultMaxConnections(),
              std::move(options.snapshot), std::move(options.observe_scrape)) {}

  ~Impl() override { Stop(); }

  absl::Status Open(const ServerOptions& options);

  const std::vector<uint16_t>& ports() const { return ports_; }

 private:
  void Resume() override;
  void CloseAll() noexcept override;

  EventLoop loop_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<uint16_t> ports_;
};

absl::Status Server::Impl::Open(const ServerOptions& options) {
  const std::span<const ExpositionFormat> formats =
      loop_.tuning.formats.empty() ? ExpositionFormats() : loop_.tuning.formats;
  const absl::StatusOr<std::vector<Address>> addresses = ResolveHost(options.host);
  if (!addresses.ok()) return addresses.status();
  for (const ListenOptions& listen : options.listeners) {
    RouterConfig config = {
        .formats = formats, .own_host = options.host, .auth_token = options.auth_token, .routes = options.routes};
    for (const ExpositionFormat& format : formats) {
      if (format.name == listen.default_format) config.default_format = &format;
    }
    if (config.default_format == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no exposition format '", listen.default_format, "'"));
    }
    auto listener = std::make_unique<Listener>(loop_, std::move(config));
    absl::Status status;
    for (int port = listen.port; port < listen.port + options.port_attempts && port <= UINT16_MAX; ++port) {
      absl::Status tried = listener->Open(*addresses, static_cast<uint16_t>(port), options.host, options.is_our_port);
      // The port that was asked for is the one that is named.
      if (tried.ok() || port == listen.port) status = std::move(tried);
      if (status.ok() || !absl::IsAlreadyExists(status) || listen.port == 0) break;
    }
    if (!status.ok()) return status;
    ports_.push_back(listener->port());
    for (const int descriptor : listener->descriptors()) DependOn(descriptor);
    listeners_.push_back(std::move(listener));
  }
  return absl::OkStatus();
}

void Server::Impl::Resume() {
  for (const auto& listener : listeners_) listener->Start();
  loop_.connections.ScheduleSweep();
  loop_.delegates.ScheduleExpiry();
}

void Server::Impl::CloseAll() noexcept {
  for (const auto& listener : listeners_) listener->Close();
  loop_.delegates.Close();
  loop_.connections.CloseAll();
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  if (options.listeners.empty()) return absl::InvalidArgumentError("a server needs at least one port to listen on");
  if (!options.snapshot) return absl::InvalidArgumentError("a server needs a source of snapshots");
  try {
    auto impl = std::make_unique<Impl>(ScopedServerTuning::Current(), options);
    if (absl::Status status = impl->Open(options); !status.ok()) return status;
    impl->StartThread();
    return std::unique_ptr<Server>(new Server(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("memory is too short to start the endpoints");
  } catch (const std::exception& error) {
    // Of the loop's descriptors or of its thread.
    return absl::ResourceExhaustedError(absl::StrCat("the endpoints cannot start: ", error.what()));
  }
}

Server::~Server() { LoopOwner::Destroy(std::move(impl_)); }

void Server::Stop() {
  if (!impl_->IsOfParent()) impl_->Stop();
}

bool Server::running() const { return impl_->running(); }

const std::vector<uint16_t>& Server::ports() const { return impl_->ports(); }

}  // namespace toolvitals
