// What is to be done around a fork, in an order that has names: the one place that calls pthread_atfork.
// Floor: base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace toolvitals {

// Who takes part, from the lowest floor to the highest. Whoever holds a lock may want one of a lower floor, so before a
// fork the locks are taken from the top down, and afterwards, in the parent and in the child, things are put in order
// from the bottom up: a floor finds those below it ready.
//
//             prepare        fork        parent · child
//   kIngest      │                          ▲     ▲
//     ...        ▼                          │     │
//   kDescriptors └───────────▶ ─────────────┴─────┘
enum class ForkPlace : uint8_t {
  kDescriptors,       // base: the child closes its copies of what the parent's threads own
  kCollector,         // collector: the cells move into a segment of the child's
  kCollectorRecords,  // sources: how collectors fare
  kSourceList,        // sources: which there are
  kForkLedger,        // fleet: the processes that were forked before
  kRoutes,            // serve: what was published at which path
  kRefreshCrew,       // bindings: the threads that refresh what Python collected
  kRenderedText,      // bindings: what is kept from one rendering to the next
  kDelegates,         // bindings: routes that Python answers
  kIngest,            // bindings: records that other programs send
};
inline constexpr size_t kForkPlaces = static_cast<size_t>(ForkPlace::kIngest) + 1;

// Functions that neither throw nor fork. `child` runs where perhaps only the thread that forked is left, so it may not
// allocate, nor take a lock that `prepare` did not: what needs memory is got ready by `prepare`, or made at the next
// use. Any of them may be null.
struct ForkHook {
  void (*prepare)() = nullptr;  // in the parent, before
  void (*parent)() = nullptr;   // in the parent, after
  void (*child)() = nullptr;    // in the child
};

// Sets the hook of a place, which lives as long as the process; the last one counts. `parent` and `child` are called
// only after a `prepare` of the same fork, so a hook that is set while another thread forks never releases what was not
// taken; one without `prepare` counts from the instant it is set. Thread-safe. ResourceExhausted where the system takes
// no hooks.
absl::Status SetForkHook(ForkPlace place, const ForkHook* hook);

// For `child`: mutexes and condition variables are made anew there, not unlocked. Threads that do not exist in the
// child are in their queues, and one may have been in the middle of changing them.
inline void MakeAnewInChild(absl::Mutex& mutex) { new (&mutex) absl::Mutex; }
inline void MakeAnewInChild(absl::CondVar& condition) { new (&condition) absl::CondVar; }

}  // namespace toolvitals
