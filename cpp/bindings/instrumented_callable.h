// What @tool returns for a callable that is no function of the language: as close to it as an object can be.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

bool AddInstrumentedCallableType(PyObject* module);

}  // namespace toolvitals
