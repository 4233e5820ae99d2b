// From C++ exceptions to Python's, and to dropped records.
// Floor: bindings.
#include "bindings/guard.h"

#include <pybind11/pybind11.h>

#include <new>

#include "bindings/drops.h"

namespace toolvitals {

void RaiseThrown(const std::exception& thrown) {
  if (const auto* raised = dynamic_cast<const pybind11::error_already_set*>(&thrown)) {
    pybind11::error_already_set(*raised).restore();
  } else if (dynamic_cast<const std::bad_alloc*>(&thrown) != nullptr) {
    PyErr_NoMemory();
  } else {
    PyErr_SetString(PyExc_RuntimeError, thrown.what());
  }
}

PyObject* DropForMemory() {
  PyErr_Clear();
  return Drop(DropReason::kMemory, PyExc_MemoryError, "no memory is left for the record");
}

}  // namespace toolvitals
