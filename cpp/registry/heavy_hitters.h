// Which label values were refused most often: a sketch of fixed size.
// Floor: registry.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment.h"

namespace toolvitals {

// One entry of the sketch, in a segment. `version` is odd while it changes.
struct alignas(kCacheLineBytes) OffenderSlot {
  static constexpr size_t kTextBytes = 224;

  Word version;
  Word count;   // how often it was seen since it has the slot, and what the slot's count was before
  Word before;  // of the count, how much may be others': the error is at most this
  Word bytes;
  Word words[kTextBytes / sizeof(Word)];  // family, label and value, packed; the value is cut to fit
};
static_assert(sizeof(OffenderSlot) == 256);

struct OffenderTable {
  static constexpr size_t kSlots = 32;
  OffenderSlot slots[kSlots];
};

struct Offender {
  std::string family, label, value;
  uint64_t count = 0;
  uint64_t error = 0;  // the true count is at least count - error
};

// Space-Saving (Metwally, Agrawal, El Abbadi 2005): whoever is seen more often than one in kSlots is in it, with a
// count that is too high by no more than the error beside it. Offer() is called by one thread at a time; readers take
// no lock.
class HeavyHitters {
 public:
  explicit HeavyHitters(Segment& segment) : segment_(segment) {}

  void Offer(std::string_view family, std::string_view label, std::string_view value);

  // The busiest first.
  static std::vector<Offender> Read(const Segment& segment);

 private:
  Segment& segment_;
  std::array<uint64_t, OffenderTable::kSlots> hashes_{};  // of the texts in the slots
};

}  // namespace toolvitals
