// Children of open instruments, whose series have attributes in the place of labels.
// Floor: bindings.
#pragma once

#include "bindings/instrument_type.h"

namespace toolvitals {

// The methods of Instrument that take a dict of attributes; self is an open parent, or a ValueError is raised.
PyObject* WithAttributes(PyObject* self, PyObject* attributes);
PyObject* RemoveAttributes(InstrumentObject* self, PyObject* attributes);

}  // namespace toolvitals
