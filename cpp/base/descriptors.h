// The descriptors that this process's native threads own: a forked child closes its copies of them, and whoever is
// about to use one can ask whether the number still means it.
// Floor: base.
#pragma once

#include <array>
#include <cstdint>

namespace toolvitals {

// What the program takes for its standard input, output and error belongs to it even where it began with them closed:
// the kernel gives such a number to whatever is opened next, and what is then printed is written into that.

// Moves a descriptor that has one of the three numbers to a higher one, close-on-exec; others, and -1, stay. -1 with
// errno, and the descriptor is closed, where there is no number left. For every descriptor that is kept or mapped.
int MovedAboveStandard(int descriptor);

// While this lives, the three numbers are taken: for libraries that open descriptors themselves.
class StandardDescriptorsTaken {
 public:
  StandardDescriptorsTaken();
  ~StandardDescriptorsTaken();
  StandardDescriptorsTaken(const StandardDescriptorsTaken&) = delete;
  StandardDescriptorsTaken& operator=(const StandardDescriptorsTaken&) = delete;

 private:
  std::array<bool, 3> taken_ = {};
};

// A process-wide bitmap of atomic words: every function here is lock-free, thread-safe and async-signal-safe.
//
// Programs close descriptors that are not theirs (a daemon closes all there are), and the kernel gives the numbers to
// the next who asks. A bit in a bitmap does not show that. So each open file is marked as well, with something that the
// kernel keeps with the file and not with the number, and that nobody else sets on it: the signal that would tell of
// input (F_SETSIG in fcntl(2)), which without O_ASYNC is never sent.
//
// A fork in the instant between a descriptor's birth and TrackDescriptor(), or between UntrackDescriptor() and its
// close, leaves the child one copy too many. It is close-on-exec and costs the child a number, nothing else. The other
// order would let the child close a descriptor that belongs to somebody else.

// False, and nothing is tracked, when the number is beyond kMaxTrackedDescriptors.
bool TrackDescriptor(int descriptor);

// Whether the number means a file that TrackDescriptor() marked. One system call. Where the system keeps no marks,
// whether it means any file.
bool IsTrackedFile(int descriptor);

// To be called before the descriptor is closed.
void UntrackDescriptor(int descriptor);

// Closes every tracked descriptor that is not somebody else's by now, and forgets it. Only in the child of a fork,
// where no other thread runs.
void CloseTrackedDescriptors();

// Counts the calls of CloseTrackedDescriptors(): an object made under another count belongs to a parent process.
uint64_t DescriptorGeneration();

}  // namespace toolvitals
