// What the connections, the listener and the datagrams of one ingest share, all of it touched by the loop's thread.
// Floor: ingest.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>

#include "ingest/ingest_limits.h"
#include "ingest/ingest_recorder.h"
#include "net/connection_pool.h"
#include "net/io_loop.h"
#include "net/net_limits.h"

namespace toolvitals {

// Taken from ingest_limits.h, open to tests.
struct IngestTuning {
  std::chrono::milliseconds accept_backoff = kAcceptBackoff;
  std::chrono::milliseconds sweep_interval = kIngestSweepInterval;
  std::chrono::milliseconds users_interval = kActiveUsersInterval;
  size_t max_connections = 0;  // 0: kMaxConnections, or half of RLIMIT_NOFILE where that is less
  size_t max_pending_bytes = kMaxPendingBytes;
};

// The io_context is made before, and so destroyed after, everything that holds a socket of it.
struct IngestLoop : IoLoop {
  IngestLoop(IngestRecorder& into, const IngestTuning& with, size_t max_connections)
      : recorder(into), tuning(with), connections(io, tuning.sweep_interval, max_connections) {}

  IngestRecorder& recorder;
  const IngestTuning tuning;
  ConnectionPool connections;
  LineBudget budget{tuning.max_pending_bytes};
  const std::unique_ptr<char[]> buffer = std::make_unique<char[]>(kIngestReadBytes);
};

}  // namespace toolvitals
