// A family and its series as they lie in a segment.
// Floor: kinds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/word.h"
#include "store/layout.h"

namespace toolvitals {

// The numbers are part of the layout.
enum class InstrumentKind : uint64_t {
  kNone = 0,
  kCounter = 1,
  kGauge = 2,
  kHistogram = 3,
  kSummary = 4,
  kInfo = 5,
  kStateSet = 6,
};

// Which registry shows a family is a bit each; the first is that of the process's endpoints. The last bit says that the
// process was forked with the family, and has not registered it by itself.
inline constexpr size_t kMaxShownRegistries = 63;
inline constexpr size_t kDefaultRegistry = 0;
inline constexpr uint64_t kInheritedFamily = uint64_t{1} << kMaxShownRegistries;

// The directory leads to it, for the life of the segment; one family's when `incarnation` is the same before and after.
//
//   directory ─▶ FamilyRecord ─▶ definition
//                     └────────▶ SeriesRecord ─▶ SeriesRecord ─▶ 0     each ─▶ the values of its labels
struct alignas(kCacheLineBytes) FamilyRecord {
  Word membership;   // moves with every series that comes or goes
  Word kind;         // InstrumentKind; kNone: no family is here
  Word shown;        // a bit for each registry that shows it, and kInheritedFamily
  Word definition;   // Offset of a TextRecord, as kinds/family_definition.h packs it
  Word first;        // Offset of the first SeriesRecord
  Word incarnation;  // of the family that has the record, and of no other (see FamilyPart); zero between two of them
  Word overflow;     // Offset of the SeriesRecord that label sets past a budget fold into
  Word overflowed;   // records that were made into it
};
static_assert(sizeof(FamilyRecord) == kCacheLineBytes);

// A counter and a gauge take one cache line with all that belongs to them.
struct alignas(kCacheLineBytes) SeriesRecord {
  Word generation;  // as GenerationOf() says; zero while it is in no family's list
  Word next;        // Offset of the next SeriesRecord of the family
  Word labels;      // Offset of a TextRecord of the label values, packed in the order of the family's label names
  Word created_us;  // Unix time in microseconds; of what is replaced as a whole, when it was last
  Word used_ns;     // of the monotonic clock, when it was last recorded; kept where the family's series expire
  Word exemplars;   // Offset of ExemplarSlots, one for each bucket of a histogram; zero: none was recorded yet
  Word cell[2];     // as many words as the kind takes

  // The cell's words, which may be more than are declared here.
  const Word* words() const { return cell; }

  template <typename Cell>
  Cell& As() {
    return *reinterpret_cast<Cell*>(cell);
  }
  template <typename Cell>
  const Cell& As() const {
    return *reinterpret_cast<const Cell*>(cell);
  }
};
static_assert(sizeof(SeriesRecord) == kCacheLineBytes);

// No two series ever have the same one, and it tells whose a series is: a reader that follows a list whose members are
// removed and used again notices.
constexpr int kGenerationCounterBits = 40;
constexpr uint64_t GenerationOf(Offset family, uint64_t counter) {
  return family / kCacheLineBytes << kGenerationCounterBits | counter;
}
// In the order in which a process and those that it was forked from made them.
constexpr uint64_t NumberOf(uint64_t generation) { return generation & ((uint64_t{1} << kGenerationCounterBits) - 1); }
constexpr bool IsGenerationOf(Offset family, uint64_t generation) {
  return generation != 0 && generation >> kGenerationCounterBits == family / kCacheLineBytes;
}

}  // namespace toolvitals
