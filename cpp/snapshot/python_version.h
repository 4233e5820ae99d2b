// Which CPython a process has, in one word of its segment.
// Floor: snapshot.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/snapshot.h"

namespace toolvitals {

// As sys.hexversion has it; `is_modified` where the version ends with "+", and how many generations the garbage
// collector counts. Never zero, which is what a program without an interpreter has.
uint64_t PythonVersionWord(uint32_t hex_version, bool is_modified, size_t gc_generations);

// The version that a word says, and as many generations, of which none has collected; nothing for zero. A word may come
// from a segment that nobody vouches for.
PythonSnapshot PythonOfVersion(uint64_t word);

}  // namespace toolvitals
