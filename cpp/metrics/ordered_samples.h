// The samples of a window in ascending order, kept while it moves on.
// Floor: metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "metrics/exact_sums.h"
#include "metrics/moments.h"
#include "metrics/quantiles.h"

namespace toolvitals {

// Samples lie in slots, as they lie in a ring; the order is a list of slots. To replace a sample is to find two places
// in the list and to move what lies between them, so a window that moved a little need not be selected from anew.
// Samples are finite and not negative; NaN stands for a slot without one. Belongs to one thread.
class OrderedSamples {
  using Slot = uint16_t;

 public:
  // So that a slot's number takes two bytes.
  static constexpr size_t kMaxSlots = size_t{1} << 16;

  explicit OrderedSamples(std::vector<double> slots);

  void Put(size_t slot, double sample);

  size_t size() const { return order_.size(); }
  double operator[](size_t rank) const { return slots_[order_[rank]]; }
  // The very doubles of MomentsOf().
  Moments moments() const;
  // What as many slots take.
  static size_t BytesOf(size_t slots) { return sizeof(OrderedSamples) + slots * (sizeof(double) + sizeof(Slot)); }
  size_t bytes() const { return BytesOf(slots_.size()); }

 private:
  // Where in the list a sample stands, or would stand; equal ones stand in the order of their slots.
  size_t PlaceOf(double sample, size_t slot) const;

  std::vector<double> slots_;
  std::vector<Slot> order_;
  ExactSums sums_;
};

// As Percentiles() of the samples in any order, in constant time.
void Percentiles(const OrderedSamples& samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out);

}  // namespace toolvitals
