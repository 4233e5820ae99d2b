// Native histograms as Python's objects.
// Floor: bindings.
#pragma once

#include "bindings/instrument_type.h"

namespace toolvitals {

// HistogramBase._read_natives(): a new list, or nullptr with an exception.
PyObject* NativesToPython(PyObject* object, PyObject*);

}  // namespace toolvitals
