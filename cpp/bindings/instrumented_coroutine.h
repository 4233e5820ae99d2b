// A coroutine whose steps are watched.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Takes the reference to `inner`, a coroutine or another awaitable. Returns an awaitable that passes for a coroutine
// wherever one is asked for. What cannot be awaited is returned as it is: await says so best.
// With `elsewhere`, whose reference is taken too, the call is recorded by another (bindings/recorded_elsewhere.h).
PyObject* InstrumentCoroutine(PyObject* inner, PyObject* tool, PyObject* elsewhere);

bool ReadyInstrumentedCoroutineType();

}  // namespace toolvitals
