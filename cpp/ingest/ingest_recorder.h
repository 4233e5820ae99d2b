// From lines to instruments: what other programs send becomes what the process's endpoints show.
// Floor: ingest.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "ingest/ingest_families.h"
#include "ingest/line_splitter.h"
#include "ingest/operation_metrics.h"

namespace toolvitals {

struct IngestRecorderOptions {
  std::vector<std::string> operation_labels = {};  // labels of operations that become labels of their metrics
  std::function<uint64_t()> now_ns = nullptr;      // a monotonic clock; empty: the system's
};

// Thread-safe: a mutex that is never held while waiting for anything but the store's. Its families are shown for as
// long as it lives; what records for a service lives as long as the process, so that no total ever vanishes.
class IngestRecorder final : public LineReceiver {
 public:
  // `store` outlives the recorder. InvalidArgument for a label that operations cannot have, ResourceExhausted where
  // there is no memory for the families.
  static absl::StatusOr<std::unique_ptr<IngestRecorder>> Create(InstrumentStore& store, IngestRecorderOptions options);

  // Counts the line as what it is; never throws.
  void OnLine(std::string_view line) noexcept override;
  void OnBadLine(IngestResult reason) noexcept override;

  // Connections that came, or went.
  void AddConnections(double change) noexcept;
  // Forgets users that were active long ago.
  void Refresh();

  const std::vector<std::string>& operation_labels() const { return operation_labels_; }

  // For whoever forks, or moves the store: between the two nothing is recorded.
  void Pause() ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex_) { mutex_.Lock(); }
  void Resume() ABSL_UNLOCK_FUNCTION(mutex_) { mutex_.Unlock(); }
  // In the child of a fork, instead of Resume(): its connections and users are its own, none.
  void StartAfreshInChild() ABSL_UNLOCK_FUNCTION(mutex_);

 private:
  IngestRecorder(InstrumentStore& store, IngestRecorderOptions options);

  absl::Status MakeFamilies(InstrumentStore& store);
  IngestResult Record(const ParsedLine& parsed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(IngestResult result) noexcept ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::vector<std::string> operation_labels_;
  const std::function<uint64_t()> now_ns_;
  absl::Mutex mutex_;
  IngestFamilies families_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<OperationMetrics> operations_ ABSL_PT_GUARDED_BY(mutex_);
  std::shared_ptr<Family> lines_;
  std::array<std::shared_ptr<Series>, kIngestResults> line_counts_;
  std::shared_ptr<Family> connections_;
  std::shared_ptr<Series> connection_count_;
};

}  // namespace toolvitals
