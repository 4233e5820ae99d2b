// The metrics that operations add up to.
// Floor: ingest.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "ingest/active_users.h"
#include "ingest/ingest_families.h"

namespace toolvitals {

// operation_duration_seconds, operation_object_size_bytes, operations_total, operation_bytes_total and active_users.
// For one thread at a time.
class OperationMetrics {
 public:
  // The labels of operations in `labels` become labels of the metrics, those of other names do not. InvalidArgument for
  // a label that the metrics have already, or that cannot be one; ResourceExhausted where there is no memory.
  static absl::StatusOr<std::unique_ptr<OperationMetrics>> Create(InstrumentStore& store, IngestFamilies& families,
                                                                  std::vector<std::string> labels);

  void Record(const OperationRecord& record, uint64_t now_ns);
  // Sets active_users as of now.
  void Refresh(uint64_t now_ns);
  // In the child of a fork: its users are its own.
  void ForgetUsers();

 private:
  using LabelValues = absl::InlinedVector<std::string_view, 8>;

  explicit OperationMetrics(std::vector<std::string> labels) : labels_(std::move(labels)) {}

  absl::Status MakeFamilies(InstrumentStore& store, IngestFamilies& families);
  static void Observe(Family& family, const LabelValues& values, double amount);

  const std::vector<std::string> labels_;
  ActiveUsers users_;
  std::shared_ptr<Family> durations_;
  std::shared_ptr<Family> sizes_;
  std::shared_ptr<Family> operations_;
  std::shared_ptr<Family> bytes_;
  std::shared_ptr<Family> active_users_;
  std::shared_ptr<Series> active_user_count_;
};

}  // namespace toolvitals
