// An async generator whose steps are watched.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Takes the reference to `inner`, an asynchronous iterator. The call lasts from the first step to the last; closing or
// abandoning the generator before its end is a cancellation.
// With `elsewhere`, whose reference is taken too, the call is recorded by another (bindings/recorded_elsewhere.h).
PyObject* InstrumentAsyncGenerator(PyObject* inner, PyObject* tool, PyObject* elsewhere);

bool ReadyInstrumentedAsyncGeneratorTypes();

}  // namespace toolvitals
