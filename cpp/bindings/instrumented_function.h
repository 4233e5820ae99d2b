// What @tool returns for a function: a function of the language's own, whose calls go to a recorder.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// record_function(function, recorder) and recorder_of(object).
bool AddInstrumentedFunction(PyObject* module);

}  // namespace toolvitals
