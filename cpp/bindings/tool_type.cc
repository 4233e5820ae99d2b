// ToolMetrics' methods, and the way from an error to its histogram.
// Floor: bindings.
#include "bindings/tool_type.h"

#include <array>
#include <new>
#include <optional>

#include "base/utf8.h"
#include "bindings/arguments.h"
#include "bindings/drops.h"
#include "bindings/fold_notices.h"
#include "bindings/guard.h"
#include "bindings/handles.h"
#include "bindings/snapshot_objects.h"
#include "collector/collector.h"
#include "registry/names.h"

namespace toolvitals {

PyTypeObject tool_metrics_type = BlankType(
    "toolvitals.ToolMetrics", sizeof(ToolMetricsObject),
    "A tool's handle, for the hottest paths. Made by PerformanceMetricsCollector.tool(); valid for ever, in every "
    "thread and in forked children.");

namespace {

std::array<PyObject*, 3> call_argument_names;
std::array<PyObject*, 1> cancellation_argument_names;

ToolMetricsObject* Self(PyObject* self) { return reinterpret_cast<ToolMetricsObject*>(self); }

// The class's own name, from where CPython keeps it and no metaclass can reach. Empty where it is unusable.
std::string_view ClassName(PyObject* exception_class) {
  const auto* type = reinterpret_cast<PyTypeObject*>(exception_class);
  std::string_view name;
  if (PyType_HasFeature(const_cast<PyTypeObject*>(type), Py_TPFLAGS_HEAPTYPE)) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(reinterpret_cast<const PyHeapTypeObject*>(type)->ht_name, &size);
    if (text == nullptr) {
      PyErr_Clear();
      return {};
    }
    name = std::string_view(text, static_cast<size_t>(size));
  } else {
    name = type->tp_name;
    name.remove_prefix(name.rfind('.') + 1);
  }
  name = TruncateUtf8(name, kMaxNameBytes);
  return CheckName(name).has_value() ? std::string_view() : name;
}

HistogramCell& Keep(ToolMetricsObject* handle, PyObject* key, HistogramCell& cell) {
#ifndef Py_GIL_DISABLED
  PyObject* before = handle->error_key;
  handle->error_key = Py_NewRef(key);
  handle->error_cell = &cell;
  // Last: dropping a class may run code that comes back here.
  Py_XDECREF(before);
#else
  (void)handle;
  (void)key;
#endif
  return cell;
}

// Where there is no memory, as where there is no room: among the errors of other types.
HistogramCell& KeptErrorCell(ToolMetricsObject* handle, PyObject* key, std::string_view error_type) {
  try {
    HistogramCell& cell = Collector::Global().ErrorType(*handle->tool, error_type);
    TellFoldsQuietly();
    return Keep(handle, key, cell);
  } catch (const std::bad_alloc&) {
    return handle->tool->outcome(Outcome::kErrorOverflow);
  }
}

PyObject* RecordCallMethod(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  std::array<PyObject*, 3> places{};
  if (!PlaceArguments(call_argument_names, args, count, keywords, places)) [[unlikely]] {
    return Drop(DropReason::kArguments, PyExc_TypeError,
                "record_call() takes success, latency_ms and error_type, each once");
  }
  return RecordCall(Self(self), places[0], places[1], places[2]);
}

PyObject* RecordCancellation(PyObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  std::array<PyObject*, 1> places{};
  if (!PlaceArguments(cancellation_argument_names, args, count, keywords, places) || places[0] == nullptr) {
    return Drop(DropReason::kArguments, PyExc_TypeError, "record_cancellation() takes latency_ms, once");
  }
  double latency_ms = 0;
  if (const Converted got = ToLatency(places[0], &latency_ms); got != Converted::kValue) return NotRecorded(got);
  ToolMetrics& tool = *Self(self)->tool;
  tool.Record<kPythonWriters>(tool.outcome(Outcome::kCancelled), latency_ms);
  Py_RETURN_NONE;
}

PyObject* Metrics(PyObject* self, PyObject*) { return ToolDict(Self(self)->tool->name()); }

PyObject* Name(PyObject* self, void*) { return ToPython(Self(self)->tool->name()); }

PyObject* Repr(PyObject* self) {
  const OwnedRef name(Name(self, nullptr));
  return name ? PyUnicode_FromFormat("<toolvitals.ToolMetrics %R>", name.get()) : nullptr;
}

// By name: another process has a tool of its own under it.
PyObject* Reduce(PyObject* self, PyObject*) {
  const OwnedRef module(PyImport_ImportModule("toolvitals.decorators"));
  if (!module) return nullptr;
  const OwnedRef named(PyObject_GetAttrString(module.get(), "_handle_named"));
  const OwnedRef name(Name(self, nullptr));
  return named && name ? Py_BuildValue("O(O)", named.get(), name.get()) : nullptr;
}

PyMethodDef methods[] = {
    {"__reduce__", Guarded<&Reduce>, METH_NOARGS, nullptr},
    {"record_call", AsMethod(GuardedRecord<&RecordCallMethod>), METH_FASTCALL | METH_KEYWORDS,
     "record_call($self, /, success=True, latency_ms=..., error_type=None)\n--\n\n"
     "Records one finished call that took `latency_ms` milliseconds (finite, >= 0).\n\n"
     "`error_type` names the error of a call that failed; it is ignored where `success` is true. Never raises: a bad\n"
     "argument drops the record and is counted, unless TOOLVITALS_STRICT is set. Thread-safe."},
    {"record_cancellation", AsMethod(GuardedRecord<&RecordCancellation>), METH_FASTCALL | METH_KEYWORDS,
     "record_cancellation($self, /, latency_ms)\n--\n\n"
     "Records one call that was cancelled after `latency_ms` milliseconds. Never raises; thread-safe."},
    {"metrics", Guarded<&Metrics>, METH_NOARGS,
     "metrics($self, /)\n--\n\nThe tool's metrics as a dict, as PerformanceMetricsCollector.get_tool_metrics()."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"name", Guarded<&Name>, nullptr,
     "The tool's name; 'overflow' where a budget was spent when the handle was asked for.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

PyObject* HandleOf(ToolMetrics& tool) {
  static auto* handles = new Handles<ToolMetricsObject, ToolMetrics>;
  return handles->Get(tool, [&] {
    auto* made = PyObject_New(ToolMetricsObject, &tool_metrics_type);
    if (made != nullptr) {
      made->tool = &tool;
      made->error_key = nullptr;
      made->error_cell = nullptr;
    }
    return made;
  });
}

HistogramCell& ErrorCellOf(ToolMetricsObject* handle, PyObject* exception_class) {
  if (handle->error_key == exception_class) return *handle->error_cell;
  const ExceptionAside aside;
  const std::string_view name = ClassName(exception_class);
  if (name.empty()) return handle->tool->outcome(Outcome::kError);
  return KeptErrorCell(handle, exception_class, name);
}

HistogramCell& ErrorCellOf(ToolMetricsObject* handle, PyObject* string, std::string_view text) {
  if (handle->error_key == string) return *handle->error_cell;
  return KeptErrorCell(handle, string, text);
}

PyObject* RecordCall(ToolMetricsObject* handle, PyObject* success, PyObject* latency, PyObject* error_type) {
  if (latency == nullptr) [[unlikely]] {
    return Drop(DropReason::kArguments, PyExc_TypeError, "latency_ms is missing");
  }
  double latency_ms = 0;
  if (const Converted got = ToLatency(latency, &latency_ms); got != Converted::kValue) [[unlikely]] {
    return NotRecorded(got);
  }
  ToolMetrics& tool = *handle->tool;
  bool succeeded = success == nullptr || success == Py_True;
  if (!succeeded && success != Py_False) {
    if (const Converted got = ToBool(success, &succeeded); got != Converted::kValue) return NotRecorded(got);
  }
  if (succeeded) [[likely]] {
    tool.Record<kPythonWriters>(tool.outcome(Outcome::kSuccess), latency_ms);
    Py_RETURN_NONE;
  }
  std::optional<std::string_view> text;
  if (error_type == nullptr || error_type != handle->error_key) {
    if (const Converted got = ToErrorType(error_type, &text); got != Converted::kValue) return NotRecorded(got);
    HistogramCell& error = text.has_value() ? ErrorCellOf(handle, error_type, *text) : tool.outcome(Outcome::kError);
    tool.Record<kPythonWriters>(error, latency_ms);
  } else {
    tool.Record<kPythonWriters>(*handle->error_cell, latency_ms);
  }
  Py_RETURN_NONE;
}

bool AddToolMetricsType(PyObject* module) {
  if (!InternAll({"success", "latency_ms", "error_type"}, call_argument_names) ||
      !InternAll({"latency_ms"}, cancellation_argument_names)) {
    return false;
  }
  tool_metrics_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
  tool_metrics_type.tp_dealloc = [](PyObject* self) { PyObject_Free(self); };
  tool_metrics_type.tp_repr = Guarded<&Repr>;
  tool_metrics_type.tp_methods = methods;
  tool_metrics_type.tp_getset = properties;
  return PyModule_AddType(module, &tool_metrics_type) == 0;
}

}  // namespace toolvitals
