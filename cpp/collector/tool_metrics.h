// A tool's handle: the hot path of recording a call.
// Floor: collector.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "collector/cells.h"
#include "store/segment.h"

namespace toolvitals {

inline constexpr double kNanosPerMilli = 1e6;

// Lives as long as the process; made by Collector::Tool(). Recording takes no lock, allocates nothing and never fails;
// any thread may record, as Writers says. Latencies are in milliseconds, finite and not negative: the caller checks.
class ToolMetrics {
 public:
  ToolMetrics(std::string name, Segment& segment, const HistogramBounds& buckets_ms, ToolCell& cell)
      : segment_(segment), buckets_ms_(buckets_ms), cell_(cell), name_(std::move(name)) {}
  ToolMetrics(const ToolMetrics&) = delete;
  ToolMetrics& operator=(const ToolMetrics&) = delete;

  std::string_view name() const { return name_; }
  ToolCell& cell() { return cell_; }
  const ToolCell& cell() const { return cell_; }

  HistogramCell& outcome(Outcome outcome) { return OutcomeCell(cell_, outcome, buckets_ms_.buckets()); }

  // Records one finished call into one of outcome(...) or of Collector::ErrorType().
  template <Writers W>
  void Record(HistogramCell& outcome, double latency_ms) {
    const double nanos = latency_ms * kNanosPerMilli;
    const size_t bucket = buckets_ms_.BucketOf(latency_ms);
    cell_.window.Record<W>(Ring(cell_.window), latency_ms);
    if (nanos < kMaxIntegerLatencyNs) [[likely]] {
      // Through a signed integer: one instruction where the unsigned one takes a branch.
      outcome.Observe<W>(bucket, static_cast<uint64_t>(static_cast<int64_t>(nanos + 0.5)));
    } else {
      outcome.ObserveFloat<W>(bucket, nanos);
    }
  }

  // The same for a call that was timed here.
  template <Writers W>
  void RecordNanos(HistogramCell& outcome, uint64_t nanos) {
    const double latency_ms = static_cast<double>(nanos) / kNanosPerMilli;
    cell_.window.Record<W>(Ring(cell_.window), latency_ms);
    outcome.Observe<W>(buckets_ms_.BucketOf(latency_ms), nanos);
  }

  // A call begins, at Clock::Ticks(); End() must follow exactly once.
  template <Writers W>
  InFlightToken Begin(uint64_t ticks) {
    return BeginInFlight<W>(segment_, cell_.in_flight, cell_.spill, ticks);
  }
  template <Writers W>
  void End(InFlightToken token) {
    EndInFlight<W>(segment_, cell_.in_flight, cell_.spill, token);
  }

  // How long it took a generator to yield its first item; nothing where Collector::KeepFirstItems() found no room.
  template <Writers W>
  void RecordFirstItem(uint64_t nanos) {
    if (cell_.first_item.ring.load(std::memory_order_relaxed) == 0) return;
    cell_.first_item.Record<W>(Ring(cell_.first_item), static_cast<double>(nanos) / kNanosPerMilli);
  }

 private:
  RingRecord& Ring(const WindowCell& window) const {
    return *segment_.At<RingRecord>(window.ring.load(std::memory_order_acquire));
  }

  Segment& segment_;
  const HistogramBounds& buckets_ms_;
  ToolCell& cell_;
  const std::string name_;
};

// A cache's handle; the same promises.
class CacheMetrics {
 public:
  CacheMetrics(std::string name, CacheCell& cell) : cell_(cell), name_(std::move(name)) {}
  CacheMetrics(const CacheMetrics&) = delete;
  CacheMetrics& operator=(const CacheMetrics&) = delete;

  std::string_view name() const { return name_; }
  CacheCell& cell() { return cell_; }
  const CacheCell& cell() const { return cell_; }

 private:
  CacheCell& cell_;
  const std::string name_;
};

}  // namespace toolvitals
