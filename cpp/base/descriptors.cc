// The marks by which native threads' descriptors are known, and closing a child's copies. Floor: base.
#include "base/descriptors.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>

#include "base/limits.h"
#include "base/word.h"

namespace toolvitals {
namespace {

constexpr int kBitsPerWord = 64;

// 128 KiB of zeroes that are no memory until a descriptor's bit is set in their page.
constinit std::array<Word, kMaxTrackedDescriptors / kBitsPerWord> words = {};
// One past the highest word that ever held a bit, so that a child need not read all of them.
constinit std::atomic<int> words_used = 0;
constinit std::atomic<uint64_t> generation = 0;
// Whether a mark could not be set: then nothing is told apart by marks.
constinit std::atomic<bool> unmarked = false;

int Mark() { return SIGRTMAX; }

}  // namespace

int MovedAboveStandard(int descriptor) {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  const int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int saved_errno = errno;
  close(descriptor);
  errno = saved_errno;
  return moved;
}

StandardDescriptorsTaken::StandardDescriptorsTaken() {
  for (int descriptor = open("/dev/null", O_RDWR | O_CLOEXEC); descriptor >= 0;
       descriptor = open("/dev/null", O_RDWR | O_CLOEXEC)) {
    if (descriptor > STDERR_FILENO) {
      close(descriptor);
      return;
    }
    taken_[static_cast<size_t>(descriptor)] = TrackDescriptor(descriptor);
  }
}

StandardDescriptorsTaken::~StandardDescriptorsTaken() {
  for (int descriptor = 0; descriptor <= STDERR_FILENO; ++descriptor) {
    // The program may have given it another meaning meanwhile.
    if (!taken_[static_cast<size_t>(descriptor)] || !IsTrackedFile(descriptor)) continue;
    UntrackDescriptor(descriptor);
    close(descriptor);
  }
}

// Relaxed throughout: the only reader is the child of a fork, which sees the memory of the thread that forked, and
// each word is meaningful by itself.

bool TrackDescriptor(int descriptor) {
  if (descriptor < 0 || descriptor >= kMaxTrackedDescriptors) return false;
  if (fcntl(descriptor, F_SETSIG, Mark()) != 0) unmarked.store(true, std::memory_order_relaxed);
  const int index = descriptor / kBitsPerWord;
  words[index].fetch_or(uint64_t{1} << (descriptor % kBitsPerWord), std::memory_order_relaxed);
  int used = words_used.load(std::memory_order_relaxed);
  while (used <= index && !words_used.compare_exchange_weak(used, index + 1, std::memory_order_relaxed)) {
  }
  return true;
}

void UntrackDescriptor(int descriptor) {
  if (descriptor < 0 || descriptor >= kMaxTrackedDescriptors) return;
  const uint64_t bit = uint64_t{1} << (descriptor % kBitsPerWord);
  words[descriptor / kBitsPerWord].fetch_and(~bit, std::memory_order_relaxed);
}

bool IsTrackedFile(int descriptor) {
  if (descriptor < 0) return false;
  const int saved_errno = errno;
  const int mark = fcntl(descriptor, F_GETSIG);
  errno = saved_errno;
  return mark == Mark() || (mark >= 0 && unmarked.load(std::memory_order_relaxed));
}

void CloseTrackedDescriptors() {
  const int saved_errno = errno;
  const int used = words_used.load(std::memory_order_relaxed);
  for (int index = 0; index < used; ++index) {
    uint64_t bits = words[index].exchange(0, std::memory_order_relaxed);
    for (; bits != 0; bits &= bits - 1) {
      const int descriptor = index * kBitsPerWord + std::countr_zero(bits);
      if (IsTrackedFile(descriptor)) ::close(descriptor);
    }
  }
  generation.fetch_add(1, std::memory_order_relaxed);
  errno = saved_errno;
}

uint64_t DescriptorGeneration() { return generation.load(std::memory_order_relaxed); }

}  // namespace toolvitals
