// One port: its listening sockets (one for each address of the host) and the clients it accepts.
// Floor: serve.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "net/address.h"
#include "net/socket_watch.h"
#include "serve/event_loop.h"

namespace toolvitals {

// Open() may be called from any thread before the loop runs, the rest belongs to the loop's thread.
class Listener {
 public:
  Listener(EventLoop& loop, RouterConfig config) : loop_(loop), config_(std::move(config)) {}
  ~Listener() { Close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Listens on one port of every address. Addresses that this machine does not have (IPv6 where it is off) are passed
  // over when there is another. Whatever fails, Close() undoes it.
  absl::Status Open(const std::vector<Address>& addresses, uint16_t port, const std::string& host,
                    const IsOurPort& is_ours = nullptr);
  // Waits for clients. Called again after an exception has left a handler, it takes up what that handler dropped.
  void Start();
  // Closes what is still its own.
  void Close() noexcept;
  // Those that are listened on, once open.
  std::vector<int> descriptors() const;

  uint16_t port() const { return port_; }

 private:
  struct Door {
    Door(Listener& listener, const Address& address);

    RouterConfig config;
    SocketWatch watch;
  };

  absl::Status OpenOnce(const std::vector<Address>& addresses, uint16_t port, const std::string& host,
                        const IsOurPort& is_ours);
  void Welcome(const Door& door, int descriptor);

  EventLoop& loop_;
  RouterConfig config_;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Door>> doors_;
};

}  // namespace toolvitals
