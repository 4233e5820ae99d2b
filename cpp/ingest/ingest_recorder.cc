// Recording what lines say into instruments, and counting those that say nothing. Floor: ingest.
#include "ingest/ingest_recorder.h"

#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/fork_hooks.h"

namespace toolvitals {

IngestRecorder::IngestRecorder(InstrumentStore& store, IngestRecorderOptions options)
    : operation_labels_(std::move(options.operation_labels)),
      now_ns_(options.now_ns ? std::move(options.now_ns) : &Clock::MonotonicNanos),
      families_(store) {}

absl::StatusOr<std::unique_ptr<IngestRecorder>> IngestRecorder::Create(InstrumentStore& store,
                                                                       IngestRecorderOptions options) {
  std::unique_ptr<IngestRecorder> recorder(new IngestRecorder(store, std::move(options)));
  if (absl::Status status = recorder->MakeFamilies(store); !status.ok()) return status;
  return recorder;
}

absl::Status IngestRecorder::MakeFamilies(InstrumentStore& store) {
  const absl::MutexLock lock(&mutex_);
  auto operations = OperationMetrics::Create(store, families_, operation_labels_);
  if (!operations.ok()) return operations.status();
  operations_ = *std::move(operations);
  auto lines = MakeIngestFamily(store, InstrumentKind::kCounter, "toolvitals_ipc_lines",
                                "Lines that other programs sent, by what became of them.", {"result"},
                                /*max_series=*/0);
  auto connections = MakeIngestFamily(store, InstrumentKind::kGauge, "toolvitals_ipc_connections",
                                      "Connections of other programs.", {}, /*max_series=*/0, GaugeMode::kLiveSum);
  if (!lines.ok()) return lines.status();
  if (!connections.ok()) return connections.status();
  lines_ = *std::move(lines);
  connections_ = *std::move(connections);
  connection_count_ = connections_->WithLabels({});
  for (size_t i = 0; i < kIngestResults; ++i) {
    const std::string_view name = IngestResultName(static_cast<IngestResult>(i));
    line_counts_[i] = lines_->WithLabels({&name, 1});
  }
  return absl::OkStatus();
}

void IngestRecorder::OnLine(std::string_view line) noexcept {
  ParsedLine parsed = IngestResult::kNoMemory;
  try {
    parsed = ParseLine(line);
  } catch (...) {
    // Memory is short, and this line is what has to go.
  }
  const absl::MutexLock lock(&mutex_);
  IngestResult result = IngestResult::kNoMemory;
  try {
    result = Record(parsed);
  } catch (...) {
    // Likewise.
  }
  Count(result);
}

void IngestRecorder::OnBadLine(IngestResult reason) noexcept {
  const absl::MutexLock lock(&mutex_);
  Count(reason);
}

void IngestRecorder::Count(IngestResult result) noexcept {
  Series& series = *line_counts_[static_cast<size_t>(result)];
  if (series.counts_touches()) series.Touch();
  series.counter().Increment<Writers::kConcurrent>();
}

IngestResult IngestRecorder::Record(const ParsedLine& parsed) {
  if (const IngestResult* reason = std::get_if<IngestResult>(&parsed)) return *reason;
  if (const ValueRecord* value = std::get_if<ValueRecord>(&parsed)) return families_.Record(*value);
  operations_->Record(std::get<OperationRecord>(parsed), now_ns_());
  return IngestResult::kAccepted;
}

void IngestRecorder::AddConnections(double change) noexcept {
  const absl::MutexLock lock(&mutex_);
  connection_count_->gauge().Increment<Writers::kConcurrent>(change);
}

void IngestRecorder::Refresh() {
  const absl::MutexLock lock(&mutex_);
  operations_->Refresh(now_ns_());
}

void IngestRecorder::StartAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  connection_count_->gauge().Set(0);
  operations_->ForgetUsers();
  MakeAnewInChild(mutex_);
}

}  // namespace toolvitals
