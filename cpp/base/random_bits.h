// 64 bits that no other process draws, at this time or another.
// Floor: base.
#pragma once

#include <cstdint>

namespace toolvitals {

// Allocates nothing and takes no lock, so the child of a fork may call it. Thread-safe.
uint64_t RandomBits();

}  // namespace toolvitals
