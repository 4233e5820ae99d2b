// toolvitals.ToolMetrics: the handle of a tool, as Python sees it.
// Floor: bindings.
#pragma once

#include <string_view>

#include "bindings/python.h"
#include "collector/tool_metrics.h"

namespace toolvitals {

struct ToolMetricsObject {
  PyObject_HEAD
  ToolMetrics* tool;
  // The error recorded last and its cell: tools tend to fail with the same error again and again. The key is a class
  // or a string, held so that its address cannot come to mean another one.
  PyObject* error_key;
  HistogramCell* error_cell;
};

extern PyTypeObject tool_metrics_type;

// The Python handle of a tool; the same object for the same tool. A new reference, or nullptr with an exception.
PyObject* HandleOf(ToolMetrics& tool);

// The histogram of errors of that exception class. Whatever the class's metaclass does, no Python code is run, and an
// exception that is being raised stays.
HistogramCell& ErrorCellOf(ToolMetricsObject* handle, PyObject* exception_class);
// The same for an error type given as a string; `text` is the string's UTF-8, checked.
HistogramCell& ErrorCellOf(ToolMetricsObject* handle, PyObject* string, std::string_view text);

// Records a call of the tool from the three arguments, any of which may be nullptr. None or nullptr.
PyObject* RecordCall(ToolMetricsObject* handle, PyObject* success, PyObject* latency_ms, PyObject* error_type);

bool AddToolMetricsType(PyObject* module);

}  // namespace toolvitals
