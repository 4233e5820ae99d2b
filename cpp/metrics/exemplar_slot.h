// Room for one exemplar: the labels of an observation that stands for others, its value and its time.
// Floor: metrics.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "base/word.h"

namespace toolvitals {

// A writer that finds another one at work gives its exemplar up, and a reader that is disturbed too often reads none:
// exemplars are samples, and nobody waits for one. The labels are kept as bytes of whatever encoding the writer chose.
struct alignas(kCacheLineBytes) ExemplarSlot {
  // OpenMetrics allows 128 characters of names and values, of up to four bytes each; the rest is for their lengths.
  static constexpr size_t kLabelBytes = 544;

  Word version;       // odd while it is written; zero: nothing was
  Word bytes;         // of the labels
  Word value;         // bits of a double
  Word timestamp_us;  // Unix time in microseconds
  Word labels[kLabelBytes / sizeof(Word)];

  struct Content {
    std::string labels;
    double value = 0;
    int64_t timestamp_us = 0;
  };

  // False where the labels are too long, or another writer is at work.
  bool Write(std::string_view encoded_labels, double observed, int64_t unix_us);
  // nullopt where there is none.
  std::optional<Content> Read() const;
  void Reset();
};
static_assert(sizeof(ExemplarSlot) == 9 * kCacheLineBytes);

}  // namespace toolvitals
