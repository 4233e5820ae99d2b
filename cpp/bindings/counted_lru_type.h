// toolvitals._core.CountedLru: what instrument_cache makes of a function of functools.lru_cache.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// The type, and count_lru(function, cache).
bool AddCountedLruType(PyObject* module);

}  // namespace toolvitals
