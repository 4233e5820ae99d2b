// The vectorcall slot of a types.FunctionType, which can lead past the function's body.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Has calls of the function go to `calls`, where the interpreter asks the slot.
void SetCallsOf(PyFunctionObject* function, vectorcallfunc calls);

// Runs the body of a function whose calls were set.
PyObject* RunBody(PyObject* function, PyObject* const* args, size_t count, PyObject* keywords);

// What the function's first closure cell has, a borrowed reference; nullptr where there is none.
inline PyObject* FirstInClosure(const PyFunctionObject* function) {
  PyObject* closure = function->func_closure;
  if (closure == nullptr || PyTuple_GET_SIZE(closure) == 0) return nullptr;
  return PyCell_GET(PyTuple_GET_ITEM(closure, 0));
}

}  // namespace toolvitals
