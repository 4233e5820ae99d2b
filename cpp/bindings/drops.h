// What happens to a record that cannot be taken: counted, logged once per reason, or raised where the user wants that.
// Floor: bindings.
#pragma once

#include "bindings/python.h"
#include "store/layout.h"

namespace toolvitals {

// With TOOLVITALS_STRICT, bad records raise.
void SetStrict(bool strict);

// Called with the reason's name the first time a reason occurs; None or nullptr for nobody. Takes its own reference.
void SetDropLogger(PyObject* logger);

// Counts the drop. Returns None, or nullptr with `exception_type` raised in strict mode; the message is made as
// PyErr_Format() makes it. Runs Python code (the logger), so no lock may be held. No exception may be set on entry.
PyObject* Drop(DropReason reason, PyObject* exception_type, const char* format, ...);

}  // namespace toolvitals
