// A generator whose steps are watched.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Takes the reference to `inner`, an iterator. The call lasts from the first step to the last; closing a generator
// before its end is a cancellation.
PyObject* InstrumentGenerator(PyObject* inner, PyObject* tool);

bool ReadyInstrumentedGeneratorType();

}  // namespace toolvitals
