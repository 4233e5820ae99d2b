// toolvitals.track(): a context manager around one call.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

bool AddTrackType(PyObject* module);

}  // namespace toolvitals
