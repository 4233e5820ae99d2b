// Numbers that say which family it is, in whatever process.
// Floor: registry.
#pragma once

#include <cstdint>

#include "base/random_bits.h"

namespace toolvitals {

// A name does not say it: each registry of a program may have a family of the name. What a forked child has from its
// parent keeps the number that it has there; all else gets one that no family of any process has had. Its upper bits
// are those of all processes that were forked from one. Belongs to who holds the store's mutex.
class FamilyIdentities {
 public:
  // Never zero, and never the same one again until 2^40 were drawn.
  uint64_t Next() {
    uint64_t number = 0;
    while (number == 0) number = (begin_ + ++drawn_) & kNumberMask;
    return tree_ << kFamilyNumberBits | number;
  }
  // In the child of a fork: its parent goes on drawing as it would itself.
  void BeginAfreshInChild() { begin_ = RandomBits(); }

  static constexpr int kFamilyNumberBits = 40;

 private:
  static constexpr uint64_t kNumberMask = (uint64_t{1} << kFamilyNumberBits) - 1;

  uint64_t tree_ = RandomBits() >> kFamilyNumberBits | 1;
  uint64_t begin_ = RandomBits();
  uint64_t drawn_ = 0;
};

// Of the processes that have such a family: those that were forked from one have the same tree.
constexpr uint64_t TreeOf(uint64_t identity) { return identity >> FamilyIdentities::kFamilyNumberBits; }
// Of all families of a tree that none of its processes has any more, and of all trees of which no process is left.
constexpr uint64_t LeftByTree(uint64_t identity) { return TreeOf(identity) << FamilyIdentities::kFamilyNumberBits; }
inline constexpr uint64_t kLeftByAll = uint64_t{2} << FamilyIdentities::kFamilyNumberBits;  // trees are odd
constexpr bool IsLeft(uint64_t identity) { return identity != 0 && LeftByTree(identity) == identity; }

}  // namespace toolvitals
