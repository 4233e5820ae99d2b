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

}  // namespace toolvitals
