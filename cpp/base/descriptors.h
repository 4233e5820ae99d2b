// The descriptors that this process's native threads own, so that a forked child can close its copies of them.
// Floor: base.
#pragma once

#include <cstdint>

namespace toolvitals {

// A process-wide bitmap of atomic words: every function here is lock-free, thread-safe and async-signal-safe.
//
// A fork in the instant between a descriptor's birth and TrackDescriptor(), or between UntrackDescriptor() and its
// close, leaves the child one copy too many. It is close-on-exec and costs the child a number, nothing else. The other
// order would let the child close a descriptor that belongs to somebody else.

// False, and nothing is tracked, when the number is beyond kMaxTrackedDescriptors.
bool TrackDescriptor(int descriptor);

// To be called before the descriptor is closed.
void UntrackDescriptor(int descriptor);

// Closes every tracked descriptor and forgets it. Only in the child of a fork, where no other thread runs.
void CloseTrackedDescriptors();

// Counts the calls of CloseTrackedDescriptors(): an object made under another count belongs to a parent process.
uint64_t DescriptorGeneration();

}  // namespace toolvitals
