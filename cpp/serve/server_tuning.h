// What the server takes from serve_limits.h and from the format table, open to tests that must not wait for seconds.
// Floor: serve. Internal: no user sets these.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>

#include "net/net_limits.h"
#include "render/format.h"
#include "serve/serve_limits.h"

namespace toolvitals {

struct ServerTuning {
  std::chrono::milliseconds head_timeout = kHeadTimeout;    // from accepting, or from the first byte of a later request
  std::chrono::milliseconds write_timeout = kWriteTimeout;  // for one whole response
  std::chrono::milliseconds idle_timeout = kIdleTimeout;    // between two requests
  std::chrono::milliseconds linger_timeout = kLingerTimeout;
  std::chrono::milliseconds sweep_interval = kSweepInterval;
  std::chrono::milliseconds accept_backoff = kAcceptBackoff;
  std::chrono::milliseconds web_socket_idle = kWebSocketIdle;
  std::chrono::milliseconds web_socket_pong = kWebSocketPong;
  size_t max_connections = 0;  // 0: kMaxConnections, or half of RLIMIT_NOFILE where that is less
  size_t whole_body_bytes = kMaxWholeBodyBytes;
  size_t piece_bytes = kPieceBytes;
  int send_buffer_bytes = 0;                  // 0: as the kernel says
  std::span<const ExpositionFormat> formats;  // empty: ExpositionFormats()
};

// Servers that start while this lives use its tuning. For tests of one thread at a time.
class ScopedServerTuning {
 public:
  explicit ScopedServerTuning(const ServerTuning& tuning);
  ~ScopedServerTuning();
  ScopedServerTuning(const ScopedServerTuning&) = delete;
  ScopedServerTuning& operator=(const ScopedServerTuning&) = delete;

  // The tuning of a server that starts now.
  static ServerTuning Current();
};

}  // namespace toolvitals
