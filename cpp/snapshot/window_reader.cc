// Taking what is known, moving an order on, or selecting anew. Floor: snapshot.
#include "snapshot/window_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "metrics/moments.h"
#include "snapshot/tool_cells.h"

namespace toolvitals {
namespace {

constexpr std::array<int, kWindowQuantiles.size()> kPercents = {50, 75, 90, 95, 99};

// Beyond that share of a window, selecting costs less than moving single samples.
constexpr uint64_t kFewOf = 16;

// What one reader may take to keep windows in order.
constexpr size_t kMaxOrdersBytes = size_t{16} << 20;

// NaN where none is stored.
double SampleAt(const Ring& ring, uint64_t index) {
  return std::bit_cast<double>(~ring.record->slots[index & (ring.capacity - 1)].load(std::memory_order_acquire));
}

WindowStats StatsOf(size_t count, const Moments& moments) {
  WindowStats stats;
  stats.count = count;
  stats.mean = moments.mean;
  stats.stddev = moments.stddev;
  stats.min = moments.min;
  stats.max = moments.max;
  return stats;
}

}  // namespace

void WindowParts::Look(const Member& member, size_t part) {
  const WindowCell& cell = *parts_[part].cell;
  const bool has_ring = cell.ring.load(std::memory_order_acquire) != 0;
  positions_[part] = has_ring ? PositionOf(member, cell) : WindowCell::Position();
  if (has_ring) sizes_ += member.segment->header().window_size.load(std::memory_order_relaxed);
}

std::optional<WindowStats> WindowReader::Read(std::span<const Member> members, QuantileMethod method,
                                              std::span<const uint64_t> finished, WindowParts& window) {
  if (window.sizes_ == 0) return std::nullopt;
  const uint64_t moved = MovedBy(window);
  if (moved == 0 && window.kept_method_ == method) return window.kept_;
  // With concurrent writers a sample may have been claimed and not yet stored when the ring is read. As many finished
  // calls as claimed samples say that none is.
  bool settled = !finished.empty();
  for (size_t i = 0; settled && i < finished.size(); ++i) {
    const WindowCell::Position& position = window.positions_[i];
    settled = !members[window.parts_[i].member].is_live() || finished[i] == position.cursor - position.start;
  }
  const bool is_few = moved != UINT64_MAX && moved <= window.kept_->count / kFewOf;
  WindowStats stats;
  if (settled && is_few && window.order_ != nullptr && MoveOn(members, window)) {
    const OrderedSamples& samples = window.order_->samples;
    stats = StatsOf(samples.size(), samples.moments());
    Percentiles(samples, kPercents, method, stats.quantiles);
  } else {
    window.order_.reset();
    stats = Select(members, method, window);
    // One that moves little is likely to go on so.
    if (settled && is_few) PutInOrder(members, window);
  }
  window.kept_.reset();
  if (settled) {
    window.kept_ = stats;
    window.kept_method_ = method;
    window.kept_sizes_ = window.sizes_;
    window.kept_positions_ = window.positions_;
  }
  return stats;
}

uint64_t WindowReader::MovedBy(const WindowParts& window) {
  if (!window.kept_.has_value() || window.kept_sizes_ != window.sizes_ ||
      window.kept_positions_.size() != window.positions_.size()) {
    return UINT64_MAX;
  }
  uint64_t moved = 0;
  for (size_t i = 0; i < window.positions_.size(); ++i) {
    const WindowCell::Position& now = window.positions_[i];
    const WindowCell::Position& before = window.kept_positions_[i];
    if (now.start != before.start || now.cursor < before.cursor) return UINT64_MAX;
    moved += now.cursor - before.cursor;
  }
  return moved;
}

void WindowReader::ReadSamples(std::span<const Member> members, const WindowParts& window) {
  samples_.clear();
  for (size_t i = 0; i < window.parts_.size(); ++i) {
    ReadWindow(members[window.parts_[i].member], *window.parts_[i].cell, window.positions_[i], part_);
    if (samples_.empty()) {
      samples_.swap(part_);
    } else {
      samples_.insert(samples_.end(), part_.begin(), part_.end());
    }
  }
}

WindowStats WindowReader::Select(std::span<const Member> members, QuantileMethod method, const WindowParts& window) {
  ReadSamples(members, window);
  WindowStats stats = StatsOf(samples_.size(), MomentsOf(samples_));
  Percentiles(samples_, kPercents, method, stats.quantiles);
  return stats;
}

// Where somebody has gone a whole lap meanwhile, newer samples are found instead. They are put right as what comes in
// between is: each sample of a window has the slot of the one that leaves for it.
bool WindowReader::MoveOn(std::span<const Member> members, WindowParts& window) {
  for (size_t i = 0; i < window.parts_.size(); ++i) {
    const uint64_t before = window.kept_positions_[i].cursor;
    const uint64_t now = window.positions_[i].cursor;
    if (before == now) continue;
    const WindowParts::Part& part = window.parts_[i];
    const Member& member = members[part.member];
    const WindowParts::Region& region = window.order_->regions[i];
    const Ring ring = FindRing(member, *part.cell);
    if (ring.record == nullptr || ring.window_size != region.size) return false;
    for (uint64_t index = before; index < now; ++index) {
      const double sample = SampleAt(ring, index);
      window.order_->samples.Put(region.SlotOf(index), IsSample(member, sample) ? sample : std::nan(""));
    }
  }
  return true;
}

void WindowReader::PutInOrder(std::span<const Member> members, WindowParts& window) {
  std::vector<WindowParts::Region> regions;
  size_t slots = 0;
  for (const WindowParts::Part& part : window.parts_) {
    const Ring ring = FindRing(members[part.member], *part.cell);
    regions.push_back({slots, ring.record == nullptr ? 0 : ring.window_size});
    slots += static_cast<size_t>(regions.back().size);
  }
  if (slots > OrderedSamples::kMaxSlots || orders_bytes_ + OrderedSamples::BytesOf(slots) > kMaxOrdersBytes) return;
  std::vector<double> by_slot(slots, std::nan(""));
  for (size_t i = 0; i < window.parts_.size(); ++i) {
    const WindowCell::Position& position = window.positions_[i];
    const Member& member = members[window.parts_[i].member];
    const Ring ring = FindRing(member, *window.parts_[i].cell);
    const uint64_t there = position.cursor - std::min(position.start, position.cursor);
    if (ring.record == nullptr) continue;
    for (uint64_t index = position.cursor - std::min(there, regions[i].size); index < position.cursor; ++index) {
      const double sample = SampleAt(ring, index);
      if (IsSample(member, sample)) by_slot[regions[i].SlotOf(index)] = sample;
    }
  }
  window.order_ = std::make_unique<WindowParts::Order>(std::move(regions), std::move(by_slot), orders_bytes_);
}

}  // namespace toolvitals
