// toolvitals._core.Lru: what toolvitals.cached keeps of one function.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// The type, and call_cached(function).
bool AddLruType(PyObject* module);

}  // namespace toolvitals
