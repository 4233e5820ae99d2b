// The statistics of windows, each in all of its parts, computed again no more than they moved.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "metrics/ordered_samples.h"
#include "metrics/quantiles.h"
#include "metrics/sliding_window.h"
#include "model/snapshot.h"
#include "snapshot/member.h"

namespace toolvitals {

// One window, in the parts that the members have of it, with what is known of it from the reading before.
class WindowParts {
 public:
  void Clear() { *this = WindowParts(); }
  void Add(size_t member, const WindowCell* cell) {
    parts_.push_back({member, cell});
    positions_.emplace_back();
  }

  // Once for each reading, before its parts are looked at.
  void Begin() { sizes_ = 0; }
  // Notes where a part is.
  void Look(const Member& member, size_t part);

 private:
  friend class WindowReader;

  struct Part {
    size_t member;  // its place among the members
    const WindowCell* cell;
  };
  // A part's samples among the slots of all: sample i is in slot begin + i % size.
  struct Region {
    size_t begin = 0;
    uint64_t size = 0;
    size_t SlotOf(uint64_t index) const { return begin + static_cast<size_t>(index % size); }
  };
  struct Order {
    Order(std::vector<Region> of, std::vector<double> by_slot, size_t& bytes)
        : regions(std::move(of)), samples(std::move(by_slot)), all_bytes(bytes) {
      all_bytes += samples.bytes();
    }
    ~Order() { all_bytes -= samples.bytes(); }
    Order(const Order&) = delete;
    Order& operator=(const Order&) = delete;

    std::vector<Region> regions;
    OrderedSamples samples;
    size_t& all_bytes;  // of the reader's orders
  };

  std::vector<Part> parts_;
  std::vector<WindowCell::Position> positions_;  // of one without a window, nothing
  uint64_t sizes_ = 0;                           // of the windows of the parts that have one, added up
  // What was computed, and of what; nothing where it has to be computed again.
  std::vector<WindowCell::Position> kept_positions_;
  uint64_t kept_sizes_ = 0;
  QuantileMethod kept_method_ = QuantileMethod::kExclusive;
  std::optional<WindowStats> kept_;
  // Of what was computed last, for windows that move little between two readings.
  std::unique_ptr<Order> order_;
};

// A window that has not moved costs nothing, one that moved by some samples costs these, and of any other what is asked
// for is selected. Belongs to one thread, with the windows that it reads, and outlives these.
class WindowReader {
 public:
  // The statistics of the union of the parts; nullopt where none has a window. `finished` says how many calls each part
  // has finished, where a sample was recorded with each; nothing where that is not known.
  std::optional<WindowStats> Read(std::span<const Member> members, QuantileMethod method,
                                  std::span<const uint64_t> finished, WindowParts& window);

 private:
  void ReadSamples(std::span<const Member> members, const WindowParts& window);
  WindowStats Select(std::span<const Member> members, QuantileMethod method, const WindowParts& window);
  // How many samples came since those that were kept; UINT64_MAX where they did not just go on.
  static uint64_t MovedBy(const WindowParts& window);
  // Makes the order one of now; false where that cannot be.
  static bool MoveOn(std::span<const Member> members, WindowParts& window);
  void PutInOrder(std::span<const Member> members, WindowParts& window);

  std::vector<double> samples_, part_;
  size_t orders_bytes_ = 0;
};

}  // namespace toolvitals
