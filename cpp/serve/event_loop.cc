// Making what the connections share, and what /health says. Floor: serve.
#include "serve/event_loop.h"

#include <unistd.h>

#include <utility>

namespace toolvitals {

EventLoop::EventLoop(const ServerTuning& with, size_t max_connections, SnapshotSource source, ScrapeObserver observe)
    : tuning(with),
      connections(io, tuning.sweep_interval, max_connections),
      scrapes(std::move(source), std::move(observe), tuning.whole_body_bytes) {}

Health EventLoop::CurrentHealth() const {
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), getpid()};
}

}  // namespace toolvitals
