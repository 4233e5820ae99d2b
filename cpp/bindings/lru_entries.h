// Results by the arguments that they were made of, in the order of their use.
// Floor: bindings.
#pragma once

#include <cstdint>

#include "bindings/python.h"

namespace toolvitals {

// A place in a ring; nullptrs outside of one.
struct RingPlace {
  RingPlace* older = nullptr;
  RingPlace* newer = nullptr;
};

// Keys compare themselves with Python code, and what is dropped may have finalizers: whatever they do to the entries, a
// step that comes after them finds out. Whoever calls is in a CriticalSection of the object that has this, at one
// address for as long as it lives.
class LruEntries {
 public:
  static constexpr Py_ssize_t kUnbounded = -1;

  // False with an exception. To be called first.
  bool Init(Py_ssize_t bound);
  // Gives all references back. Nothing is found or kept any more.
  void Drop();
  int Traverse(visitproc visit, void* arg) const;

  bool keeps() const { return bound_ != 0; }
  Py_ssize_t size() const { return dict_ == nullptr ? 0 : PyDict_GET_SIZE(dict_); }

  // The value of a key, if it has not expired; it is now the one used last. A new reference; nullptr where there is
  // none, also with an exception. An entry that is found expired is evicted, and counted so.
  PyObject* Find(PyObject* key, double now, uint64_t& evicted);
  // Adds a value; evicts what no longer fits, and counts it. Where another thread, or the function within itself, was
  // faster, its value stays if there is a bound, and is replaced if there is none, as functools.lru_cache does it.
  // False with an exception.
  bool Keep(PyObject* key, PyObject* value, double now, double expires_at, uint64_t& evicted);
  // Forgets all; a new reference to what there was, for the caller to let go, or nullptr with an exception.
  PyObject* Clear();

 private:
  bool Evict(PyObject* dict, PyObject* entry, uint64_t& evicted);

  PyObject* dict_;  // of entries, which it owns; the ring owns nothing
  RingPlace ring_;  // newer than this is the oldest entry, older than this the newest
  Py_ssize_t bound_;
};

bool ReadyLruEntryType();

}  // namespace toolvitals
