// What toolvitals has, handed to a Prometheus Pushgateway by prometheus-cpp's push library.
// Floor: push.
#pragma once

#include <prometheus/gateway.h>
#include <prometheus/labels.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "toolvitals/prometheus_cpp.h"

namespace toolvitals {

enum class PushOperation {
  kReplace,  // all metrics of the group (PUT)
  kAdd,      // those that we have; others of the group stay (POST)
  kDelete,   // the group
};

// How an operation ended.
struct PushOutcome {
  enum class Kind { kDone, kRefused, kUnreachable, kTimedOut, kBusy };
  Kind kind = Kind::kDone;
  int code = 0;  // the HTTP status that refused, or libcurl's number of what went wrong on the way
};

// Thread-safe. Needs no interpreter. Each operation runs in a thread of its own, since the library may wait for a
// gateway for as long as that one likes; whoever asked waits no longer than they said.
class Pusher {
 public:
  struct Options {
    std::string host, port;
    std::string job;              // as a URL's path can carry it
    prometheus::Labels grouping;  // labels of the group beside the job, likewise
    std::string username, password;
  };

  Pusher(const toolvitals_api& api, Options options);
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  // Waits for the operation before. kBusy where that one is still on its way when the time is over, kTimedOut where
  // this one is; it is not ended by that.
  PushOutcome Perform(PushOperation operation, std::chrono::nanoseconds timeout);

  // Since it was made, of all operations: those that ended well, and the others.
  uint64_t successes() const;
  uint64_t failures() const;

  // In the child of a fork, whose one thread calls it: no operation is on its way.
  void BeginAfreshInChild();

 private:
  // Outlives the Pusher where an operation does.
  struct Shared {
    Shared(const toolvitals_api& api, const Options& options);

    const std::shared_ptr<prometheus::Collectable> collectable;
    prometheus::Gateway gateway;
    mutable absl::Mutex mutex;
    absl::CondVar changed;  // an operation ended
    bool busy ABSL_GUARDED_BY(mutex) = false;
    uint64_t ended ABSL_GUARDED_BY(mutex) = 0;  // operations
    PushOutcome last ABSL_GUARDED_BY(mutex);    // of the operation that ended last
    uint64_t successes ABSL_GUARDED_BY(mutex) = 0;
    uint64_t failures ABSL_GUARDED_BY(mutex) = 0;
  };

  static PushOutcome Run(Shared& shared, PushOperation operation);
  static PushOutcome Perform(const std::shared_ptr<Shared>& shared, PushOperation operation,
                             std::chrono::nanoseconds timeout);

  const toolvitals_api& api_;
  const Options options_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace toolvitals
