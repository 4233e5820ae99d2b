// The counts of a function that functools.lru_cache made, where they lie.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// What cache_info() says of such a function, a reading of words instead of a call that makes a named tuple: under the
// GIL, or in the function's critical section, all of one instant.
//
// CPython tells nobody where the counts lie, so a trial function is called a few times and its words are watched. Only
// a word that told the truth each time is one; where none did, the counts are not known and cache_info() has to do.
class LruCounts {
 public:
  // Whether the object is such a function, of which the counts can be read. False with an exception only where memory
  // is short or functools is not there.
  bool Find(PyObject* function);

  Py_ssize_t hits() const { return Read(hits_); }
  Py_ssize_t misses() const { return Read(misses_); }
  Py_ssize_t entries() const { return PyDict_GET_SIZE(entries_); }
  PyObject* entries_dict() const { return entries_; }

 private:
  // A function without a bound counts outside of its critical section, where there is no GIL.
  static Py_ssize_t Read(const Py_ssize_t* word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }

  // In the function, which outlives this.
  const Py_ssize_t* hits_ = nullptr;
  const Py_ssize_t* misses_ = nullptr;
  PyObject* entries_ = nullptr;
};

}  // namespace toolvitals
