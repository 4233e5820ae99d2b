// The three handlers around a fork, and the hooks that they call from the top down and back up. Floor: base.
#include "base/fork_hooks.h"

#include <pthread.h>

#include <array>
#include <atomic>

#include "absl/strings/str_cat.h"

namespace toolvitals {
namespace {

using Slot = std::atomic<const ForkHook*>;

constinit std::array<Slot, kForkPlaces> slots = {};

// Those that prepared for the fork that this thread is in. Two threads may fork at the same time.
constinit thread_local std::array<const ForkHook*, kForkPlaces> prepared = {};

// Acquire pairs with the release of SetForkHook().
const ForkHook* HookOf(size_t place) { return slots[place].load(std::memory_order_acquire); }

void Prepare() {
  for (size_t place = kForkPlaces; place-- > 0;) {
    const ForkHook* const hook = HookOf(place);
    prepared[place] = hook != nullptr && hook->prepare != nullptr ? hook : nullptr;
    if (prepared[place] != nullptr) hook->prepare();
  }
}

// The hook that prepared, or else one that needs no preparing and may have been set since.
const ForkHook* HookAfterwards(size_t place) {
  if (prepared[place] != nullptr) return prepared[place];
  const ForkHook* const hook = HookOf(place);
  return hook != nullptr && hook->prepare == nullptr ? hook : nullptr;
}

void ResumeParent() {
  for (size_t place = 0; place < kForkPlaces; ++place) {
    const ForkHook* const hook = HookAfterwards(place);
    if (hook != nullptr && hook->parent != nullptr) hook->parent();
  }
}

void BeginChild() {
  for (size_t place = 0; place < kForkPlaces; ++place) {
    const ForkHook* const hook = HookAfterwards(place);
    if (hook != nullptr && hook->child != nullptr) hook->child();
  }
}

// The error of pthread_atfork, or 0.
int Install() {
  // Abseil built with assertions keeps a graph of all mutexes under a lock of its own, which a fork would leave held in
  // the child when any thread was in it, and in which a mutex that was made anew would be the one before.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  return pthread_atfork(&Prepare, &ResumeParent, &BeginChild);
}

}  // namespace

absl::Status SetForkHook(ForkPlace place, const ForkHook* hook) {
  static const int error = Install();
  if (error != 0) return absl::ResourceExhaustedError(absl::StrCat("pthread_atfork: error ", error));
  // Release, so that whoever forks finds all that the hook wants.
  slots[static_cast<size_t>(place)].store(hook, std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace toolvitals
