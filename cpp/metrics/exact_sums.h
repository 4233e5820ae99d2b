// The sums that moments are made of, exactly, of samples that come and go.
// Floor: metrics.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace toolvitals {

// Sums of samples and of their squares as whole numbers of many words, in which nothing is ever rounded. So what has
// come and gone has left nothing, and a window that moves by one sample costs that sample, not the whole window.
//
// Samples from 2^-64 to 2^64, and 0, at most 2^20 of them at a time; others are counted, and there are no moments while
// one is there. Belongs to one thread.
class ExactSums {
 public:
  void Add(double sample);
  // One that was added.
  void Remove(double sample);

  struct MeanAndDeviation {
    double mean;
    double stddev;  // with n-1; NaN of one sample
  };
  // As MomentsOf() says; nullopt without a sample, and while one is there that is out of range.
  std::optional<MeanAndDeviation> moments() const;

 private:
  // In units of 2^-116 and 2^-232, the last bits that a sample and a square can have.
  std::array<uint64_t, 4> sum_{};
  std::array<uint64_t, 6> squares_{};
  uint64_t count_ = 0;
  uint64_t out_of_range_ = 0;
};

}  // namespace toolvitals
