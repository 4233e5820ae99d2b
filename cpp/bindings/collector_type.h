// toolvitals.PerformanceMetricsCollector: the process's collector, as Python sees it.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

bool AddCollectorType(PyObject* module);

}  // namespace toolvitals
