// Letting the interpreter go on while the core works.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Releases the GIL for a scope, in which no Python object may be touched.
class GilReleased {
 public:
  GilReleased() : state_(PyEval_SaveThread()) {}
  ~GilReleased() { PyEval_RestoreThread(state_); }
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* const state_;
};

// The same around a call, for threads that the program's end does not wait for: taking the GIL back then ends the
// thread, by unwinding its stack, which must not begin in a destructor.
template <typename Work>
void WithoutGil(Work work) {
  PyThreadState* const state = PyEval_SaveThread();
  try {
    work();
  } catch (...) {
    PyEval_RestoreThread(state);
    throw;
  }
  PyEval_RestoreThread(state);
}

}  // namespace toolvitals
