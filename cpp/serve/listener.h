// One port: its listening sockets (one for each address of the host) and the clients it accepts.
// Floor: serve.
#pragma once

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "net/address.h"
#include "serve/event_loop.h"

namespace toolvitals {

// Accepting waits until the socket is readable and then accepts by itself, since Asio's own accept neither sets
// close-on-exec in one step nor says why it failed in time to back off. Out of descriptors or memory, it leaves the
// clients in the kernel's queue and looks again after accept_backoff: a listening socket stays readable, so asking at
// once would spin.
//
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
  void AppendDescriptors(std::vector<int>& descriptors) const;

  uint16_t port() const { return port_; }

 private:
  using Executor = boost::asio::io_context::executor_type;
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, Executor>;
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

  struct Door {
    Door(EventLoop& loop, const Address& address, const RouterConfig& base)
        : protocol(address.family() == AF_INET ? boost::asio::ip::tcp::v4() : boost::asio::ip::tcp::v6()),
          config(base),
          acceptor(loop.io),
          backoff(loop.io) {
      config.loopback = address.loopback();
    }

    boost::asio::ip::tcp protocol;
    RouterConfig config;
    Acceptor acceptor;
    int descriptor = -1;  // the acceptor's
    Timer backoff;
    bool waiting = false;  // for a client, or for the end of a back-off
  };

  absl::Status OpenOnce(const std::vector<Address>& addresses, uint16_t port, const std::string& host,
                        const IsOurPort& is_ours);
  void Wait(Door& door);
  void WaitAfterBackoff(Door& door);
  void AcceptReady(Door& door);
  void Welcome(Door& door, int descriptor);

  EventLoop& loop_;
  RouterConfig config_;
  uint16_t port_ = 0;
  std::vector<std::unique_ptr<Door>> doors_;
};

}  // namespace toolvitals
