// The open connections of one server: their number, their deadlines, and who goes when there are too many.
// Floor: net.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "absl/functional/function_ref.h"
#include "net/io_loop.h"

namespace toolvitals {

// One that can be pooled.
class PooledConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  virtual ~PooledConnection() = default;
  // Takes over an accepted socket whose descriptor is tracked. False: it is still the caller's.
  [[nodiscard]] virtual bool Adopt(int descriptor) = 0;
  // Once adopted and in the pool.
  virtual void Start() = 0;
  virtual void Close() noexcept = 0;
  // The deadline has passed.
  virtual void OnDeadline() { Close(); }

  Deadline deadline() const { return deadline_; }
  // Whether it only waits for its client, and so loses little when it is closed.
  bool waits_for_client() const { return waits_for_client_; }

 protected:
  Deadline deadline_ = Deadline::max();
  bool waits_for_client_ = false;

 private:
  friend class ConnectionPool;
  std::list<std::shared_ptr<PooledConnection>>::iterator place_;
  bool pooled_ = false;
};

// Deadlines are looked at by one timer that sweeps over all connections, so that 10,000 idle clients cost one timer and
// setting a deadline costs a store. They are kept to within one sweep. Without connections nothing ticks.
//
// Connections stand in the order of their last activity. When the pool is full, the one that has been silent for
// longest makes room: idle clients cannot keep a scraper out.
//
// Belongs to the loop's thread.
class ConnectionPool {
 public:
  ConnectionPool(boost::asio::io_context& io, std::chrono::milliseconds sweep_interval, size_t max_connections)
      : sweep_interval_(sweep_interval), max_connections_(max_connections), timer_(io) {}

  // Has what `make` gives adopt an accepted socket, and starts it. Where there are too many, or memory is short, this
  // client is the one who has to go.
  void Welcome(int descriptor, absl::FunctionRef<std::shared_ptr<PooledConnection>()> make) noexcept;
  void Add(std::shared_ptr<PooledConnection> connection);
  void Touch(PooledConnection& connection);  // it was active now
  void Remove(PooledConnection& connection) noexcept;
  void CloseAll() noexcept;

  // Takes up a sweep that an exception dropped.
  void ScheduleSweep();

  size_t size() const { return connections_.size(); }

 private:
  // False when the pool is full of connections that are being answered.
  [[nodiscard]] bool MakeRoom();
  void Sweep();

  std::chrono::milliseconds sweep_interval_;
  size_t max_connections_;
  LoopTimer timer_;
  bool sweeping_ = false;
  std::list<std::shared_ptr<PooledConnection>> connections_;  // the longest silent first
};

}  // namespace toolvitals
