// Counting connections, timing them out, and choosing whom to close for a new one. Floor: net.
#include "net/connection_pool.h"

#include <unistd.h>

#include <utility>

#include "base/descriptors.h"

namespace toolvitals {

void ConnectionPool::Welcome(int descriptor, absl::FunctionRef<std::shared_ptr<PooledConnection>()> make) noexcept {
  std::shared_ptr<PooledConnection> connection;
  bool is_adopted = false;
  try {
    if (MakeRoom() && TrackDescriptor(descriptor)) {
      connection = make();
      is_adopted = connection->Adopt(descriptor);
      if (is_adopted) {
        Add(connection);
        return connection->Start();
      }
    }
  } catch (...) {
    // Whoever is adopted closes the descriptor itself.
  }
  if (is_adopted) return connection->Close();
  UntrackDescriptor(descriptor);
  close(descriptor);
}

bool ConnectionPool::MakeRoom() {
  if (connections_.size() < max_connections_) return true;
  constexpr int kCandidates = 64;  // a bound on what one client too many can cost
  int looked_at = 0;
  for (const auto& connection : connections_) {
    if (++looked_at > kCandidates) return false;
    if (!connection->waits_for_client()) continue;
    const std::shared_ptr<PooledConnection> silent = connection;
    silent->Close();
    return true;
  }
  return false;
}

void ConnectionPool::Add(std::shared_ptr<PooledConnection> connection) {
  PooledConnection& added = *connection;
  connections_.push_back(std::move(connection));
  added.place_ = std::prev(connections_.end());
  added.pooled_ = true;
  ScheduleSweep();
}

void ConnectionPool::Touch(PooledConnection& connection) {
  if (connection.pooled_) connections_.splice(connections_.end(), connections_, connection.place_);
}

void ConnectionPool::Remove(PooledConnection& connection) noexcept {
  if (!std::exchange(connection.pooled_, false)) return;
  connections_.erase(connection.place_);
}

void ConnectionPool::CloseAll() noexcept {
  while (!connections_.empty()) {
    const std::shared_ptr<PooledConnection> connection = connections_.front();
    connection->Close();
    Remove(*connection);
  }
}

void ConnectionPool::ScheduleSweep() {
  if (sweeping_ || connections_.empty()) return;
  timer_.expires_after(sweep_interval_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    sweeping_ = false;
    if (!error) Sweep();
  });
  sweeping_ = true;
}

void ConnectionPool::Sweep() {
  const auto now = std::chrono::steady_clock::now();
  for (auto next = connections_.begin(); next != connections_.end();) {
    // Closing takes the connection out of the list, and maybe its last owner away.
    const std::shared_ptr<PooledConnection> connection = *next++;
    if (connection->deadline() <= now) connection->OnDeadline();
  }
  ScheduleSweep();
}

}  // namespace toolvitals
