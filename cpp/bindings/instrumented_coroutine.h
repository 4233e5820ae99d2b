// A coroutine whose steps are watched.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Takes the reference to `inner`, a coroutine or another awaitable. Returns an awaitable that passes for a coroutine
// wherever collections.abc.Coroutine is asked for. What cannot be awaited is returned as it is: await says so best.
PyObject* InstrumentCoroutine(PyObject* inner, PyObject* tool);

bool ReadyInstrumentedCoroutineType();

}  // namespace toolvitals
