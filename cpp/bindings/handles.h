// Python handles of what the collector keeps for ever: one object for each tool and each cache.
// Floor: bindings.
#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/hash_table.h"
#include "bindings/python.h"

namespace toolvitals {

// Handles by what they stand for. Their own reference is never given back, so a handle's address means one thing for
// ever and the number of handles is bounded as the series are.
template <typename Object, typename Kept>
class Handles {
 public:
  // A new reference to the handle, which `make` makes when it is first asked for; nullptr with an exception.
  template <typename Make>
  PyObject* Get(Kept& kept, Make make) {
    {
      absl::MutexLock lock(&mutex_);
      const auto known = handles_.find(&kept);
      if (known != handles_.end()) return Py_NewRef(known->second);
    }
    // Made outside the lock: an allocation may start a garbage collection, which may come back here.
    Object* made = make();
    if (made == nullptr) return nullptr;
    OwnedRef owned(reinterpret_cast<PyObject*>(made));
    absl::MutexLock lock(&mutex_);
    const auto [at, inserted] = handles_.try_emplace(&kept, owned.get());
    if (inserted) MakeImmortal(owned.release());
    return Py_NewRef(at->second);
  }

 private:
  absl::Mutex mutex_;
  HashMap<const Kept*, PyObject*> handles_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolvitals
