// toolvitals.CacheMetrics: the handle of a cache, as Python sees it.
// Floor: bindings.
#pragma once

#include "bindings/python.h"
#include "collector/tool_metrics.h"

namespace toolvitals {

struct CacheMetricsObject {
  PyObject_HEAD
  CacheMetrics* cache;
};

extern PyTypeObject cache_metrics_type;

// The Python handle of a cache; the same object for the same cache. A new reference, or nullptr with an exception.
PyObject* HandleOf(CacheMetrics& cache);

bool AddCacheMetricsType(PyObject* module);

}  // namespace toolvitals
