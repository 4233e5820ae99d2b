// Tells ThreadSanitizer about absl::Mutex where Abseil was installed as shared libraries, which are not instrumented:
// without this every access that a mutex orders would look like a race. Linked into the tests of such builds only.
#include "absl/synchronization/mutex.h"

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/base/config.h"

namespace {

#define TOOLVITALS_STRING_OF(x) #x
#define TOOLVITALS_STRING(x) TOOLVITALS_STRING_OF(x)
constexpr char kInlineNamespace[] = TOOLVITALS_STRING(ABSL_OPTION_INLINE_NAMESPACE_NAME);

// The library's own function, which the definitions below hide from the rest of the program.
template <typename Function>
Function Original(const char* mangled_member) {
  const std::string symbol =
      "_ZN4absl" + std::to_string(std::strlen(kInlineNamespace)) + kInlineNamespace + mangled_member;
  void* found = dlsym(RTLD_NEXT, symbol.c_str());
  if (found == nullptr) {
    std::fputs(("Abseil's shared library has no " + symbol + "\n").c_str(), stderr);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

using MutexFunction = void (*)(absl::Mutex*);
using TryFunction = bool (*)(absl::Mutex*);
using WaitFunction = void (*)(absl::CondVar*, absl::Mutex*);
using WaitUntilFunction = bool (*)(absl::CondVar*, absl::Mutex*, absl::Time);
using WaitForFunction = bool (*)(absl::CondVar*, absl::Mutex*, absl::Duration);

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto original = Original<MutexFunction>("5Mutex4LockEv");
  original(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  static const auto original = Original<MutexFunction>("5Mutex6UnlockEv");
  __tsan_release(this);
  original(this);
}

void Mutex::ReaderLock() {
  static const auto original = Original<MutexFunction>("5Mutex10ReaderLockEv");
  original(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  static const auto original = Original<MutexFunction>("5Mutex12ReaderUnlockEv");
  __tsan_release(this);
  original(this);
}

bool Mutex::TryLock() {
  static const auto original = Original<TryFunction>("5Mutex7TryLockEv");
  const bool locked = original(this);
  if (locked) __tsan_acquire(this);
  return locked;
}

// A wait gives the mutex up and takes it again, inside of the library.

void CondVar::Wait(Mutex* mutex) {
  static const auto original = Original<WaitFunction>("7CondVar4WaitEPNS0_5MutexE");
  __tsan_release(mutex);
  original(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  static const auto original = Original<WaitUntilFunction>("7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
  __tsan_release(mutex);
  const bool expired = original(this, mutex, deadline);
  __tsan_acquire(mutex);
  return expired;
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto original = Original<WaitForFunction>("7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  __tsan_release(mutex);
  const bool expired = original(this, mutex, timeout);
  __tsan_acquire(mutex);
  return expired;
}

ABSL_NAMESPACE_END
}  // namespace absl
