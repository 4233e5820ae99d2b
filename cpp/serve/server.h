// The endpoints: one native event loop that answers scrapes and never takes the GIL.
// Floor: serve.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "model/snapshot.h"
#include "net/address.h"

namespace toolvitals {

class RouteTable;

// Takes a snapshot of the service; called on the loop's thread, once for all requests that wait at that moment.
using SnapshotSource = std::function<std::shared_ptr<const Snapshot>()>;
// Told after each answered scrape how long collecting and rendering took.
using ScrapeObserver = std::function<void(std::chrono::nanoseconds)>;

struct ListenOptions {
  uint16_t port = 0;           // 0: any free port
  std::string default_format;  // name of the ExpositionFormat that "/metrics" gives when Accept leaves it open
};

struct ServerOptions {
  std::string host = "127.0.0.1";  // IPv4, IPv6 (with or without brackets) or a name
  std::vector<ListenOptions> listeners;
  std::string auth_token;  // empty: no authorization
  SnapshotSource snapshot;
  ScrapeObserver observe_scrape;  // may be empty
  // Beside /metrics, /metrics.json and /health; outlives the server. Null: nothing is.
  const RouteTable* routes = nullptr;
  // Whether a port that is in use is so by processes of the same service, who share it; empty: ports are not shared.
  IsOurPort is_our_port;
  // Ports that are tried where one is in use: it and those after it.
  int port_attempts = 1;
};

// In the child of a fork its descriptors are closed and it is dead: Stop() and the destructor leave the thread alone,
// which does not exist there.
class Server {
 public:
  // Binds every listener, then starts the loop's thread. On an error nothing is left behind. The message of
  // kAlreadyExists names the port in use; of kInvalidArgument the bad value; of kPermissionDenied the port refused.
  static absl::StatusOr<std::unique_ptr<Server>> Start(ServerOptions options);

  ~Server();  // as Stop()
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Closes every socket and joins the thread. Idempotent; any thread but the loop's own. Returns promptly whatever
  // clients do.
  void Stop();

  // Whether the endpoints are served. False once it is stopped, and once the program has closed a descriptor of its: it
  // then ends by itself and closes the others. Any thread.
  bool running() const;

  // The bound port of each listener, in the order of the options.
  const std::vector<uint16_t>& ports() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace toolvitals
