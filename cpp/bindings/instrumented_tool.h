// What @tool returns: a callable that times what it calls.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

bool AddInstrumentedToolType(PyObject* module);

}  // namespace toolvitals
