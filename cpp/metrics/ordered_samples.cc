// Sorting once, and moving single samples after that. Floor: metrics.
#include "metrics/ordered_samples.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace toolvitals {

OrderedSamples::OrderedSamples(std::vector<double> slots) : slots_(std::move(slots)) {
  // Pairs lie side by side, as what slots lead to does not.
  std::vector<std::pair<double, Slot>> sorted;
  sorted.reserve(slots_.size());
  for (size_t slot = 0; slot < slots_.size(); ++slot) {
    if (std::isnan(slots_[slot])) continue;
    sorted.emplace_back(slots_[slot], static_cast<Slot>(slot));
    sums_.Add(slots_[slot]);
  }
  std::sort(sorted.begin(), sorted.end());
  order_.reserve(slots_.size());
  for (const auto& [sample, slot] : sorted) order_.push_back(slot);
}

size_t OrderedSamples::PlaceOf(double sample, size_t slot) const {
  const auto found = std::partition_point(order_.begin(), order_.end(), [&](Slot other) {
    return slots_[other] < sample || (slots_[other] == sample && other < slot);
  });
  return static_cast<size_t>(found - order_.begin());
}

void OrderedSamples::Put(size_t slot, double sample) {
  const double before = slots_[slot];
  const bool was_there = !std::isnan(before), is_there = !std::isnan(sample);
  const auto at = [&](size_t place) { return order_.begin() + static_cast<std::ptrdiff_t>(place); };
  const size_t from = was_there ? PlaceOf(before, slot) : order_.size();
  const size_t to = is_there ? PlaceOf(sample, slot) : order_.size();
  if (was_there) sums_.Remove(before);
  if (is_there) sums_.Add(sample);
  slots_[slot] = sample;
  if (!was_there) {
    if (is_there) order_.insert(at(to), static_cast<Slot>(slot));
    return;
  }
  if (!is_there) {
    order_.erase(at(from));
    return;
  }
  // The sample itself stood before the place that it goes to.
  if (to > from) std::rotate(at(from), at(from + 1), at(to));
  if (to < from) std::rotate(at(to), at(from), at(from + 1));
}

Moments OrderedSamples::moments() const {
  Moments moments;
  if (order_.empty()) return moments;
  const auto exact = sums_.moments();
  if (!exact.has_value()) {
    std::vector<double> samples;
    samples.reserve(order_.size());
    for (const Slot slot : order_) samples.push_back(slots_[slot]);
    return MomentsOf(samples);
  }
  return {exact->mean, exact->stddev, (*this)[0], (*this)[order_.size() - 1]};
}

}  // namespace toolvitals
