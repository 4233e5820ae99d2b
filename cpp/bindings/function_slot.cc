// Setting the slot, and what CPython has there. Floor: bindings.
#include "bindings/function_slot.h"

namespace toolvitals {
namespace {

// What runs the body of a function. CPython does not export it under any name.
vectorcallfunc run_body = nullptr;

}  // namespace

void SetCallsOf(PyFunctionObject* function, vectorcallfunc calls) {
  if (run_body == nullptr) run_body = function->vectorcall;
#if PY_VERSION_HEX >= 0x030C0000
  PyFunction_SetVectorcall(function, calls);
#else
  function->vectorcall = calls;
#endif
}

PyObject* RunBody(PyObject* function, PyObject* const* args, size_t count, PyObject* keywords) {
  return run_body(function, args, count, keywords);
}

}  // namespace toolvitals
