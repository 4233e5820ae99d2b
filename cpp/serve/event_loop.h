// What the connections and listeners of one server share, all of it touched by the loop's thread alone.
// Floor: serve.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>

#include "net/connection_pool.h"
#include "net/io_loop.h"
#include "serve/delegate.h"
#include "serve/scrape_batch.h"
#include "serve/server_tuning.h"

namespace toolvitals {

// A socket that knows its executor's type, so that no handler goes through a type-erased one.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The io_context is made before, and so destroyed after, everything that holds a socket of it.
struct EventLoop : IoLoop {
  EventLoop(const ServerTuning& with, size_t max_connections, SnapshotSource source, ScrapeObserver observe);

  Health CurrentHealth() const;

  ServerTuning tuning;
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
  ConnectionPool connections;
  ScrapeBatch scrapes;
  DelegateDesk delegates{*this};
  size_t streams = 0;  // bodies that are being streamed
};

}  // namespace toolvitals
