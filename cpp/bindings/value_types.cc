// The classes and their fields, in the order in which values are given.
// Floor: bindings.
#include "bindings/value_types.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>

namespace toolvitals {
namespace {

bool FindFamilyTypes(PyObject* module, ValueTypes& types) {
  return types.exemplar.Find(module, "Exemplar", {"labels", "value", "timestamp_s"}) &&
         types.native_histogram.Find(module, "NativeHistogram",
                                     {"schema", "zero_threshold", "zero_count", "positive", "negative"}) &&
         types.histogram.Find(module, "Histogram", {"bounds", "buckets", "sum", "native"}) &&
         types.summary.Find(module, "Summary", {"count", "sum", "quantiles"}) &&
         types.states.Find(module, "States", {"states"}) &&
         types.series.Find(module, "Series",
                           {"labels", "value", "created_s", "timestamp_s", "exemplars", "attributes"}) &&
         types.family.Find(module, "Family", {"name", "type", "unit", "help", "series"});
}

bool FindPartTypes(PyObject* module, ValueTypes& types) {
  return types.window.Find(module, "WindowStats",
                           {"count", "mean", "stddev", "min", "max", "p50", "p75", "p90", "p95", "p99"}) &&
         types.tool.Find(module, "ToolStats",
                         {"tool_name", "successful_calls", "failed_calls", "cancelled_calls", "in_progress",
                          "oldest_in_progress_ms", "total_latency_ms", "latency_ms", "first_item_ms", "error_types",
                          "durations"}) &&
         types.cache.Find(module, "CacheStats", {"cache_name", "hits", "misses", "evictions", "size_rejections"}) &&
         types.process.Find(module, "ProcessStats",
                            {"pid", "cpu_seconds", "resident_memory_bytes", "virtual_memory_bytes", "open_fds",
                             "max_fds", "threads", "start_time_seconds"}) &&
         types.gc.Find(module, "GcStats", {"collections", "collected", "uncollectable"}) &&
         types.python.Find(module, "PythonStats", {"version", "implementation", "gc"}) &&
         types.collector.Find(module, "CollectorStats", {"failures", "hangs", "hanging_s", "age_s"}) &&
         types.refused_label.Find(module, "RefusedLabel", {"label", "value", "count", "error"}) &&
         types.overflow.Find(module, "Overflow", {"records", "distinct_values", "busiest"}) &&
         types.limits.Find(module, "Limits", {"max_series", "memory_bytes", "window_size"}) &&
         types.own.Find(module, "OwnStats",
                        {"version", "series", "memory_bytes", "dropped_records", "collectors", "stale_reads",
                         "overflow", "live_processes", "retired_processes", "unshared_processes", "refused_segments",
                         "merge_conflicts", "scrapes", "scrape_seconds", "limits"});
}

template <typename Value, typename Make>
PyObject* TupleOf(std::span<const Value> values, Make make) {
  OwnedRef tuple(PyTuple_New(static_cast<Py_ssize_t>(values.size())));
  if (!tuple) return nullptr;
  for (size_t i = 0; i < values.size(); ++i) {
    PyObject* const item = make(values[i]);
    if (item == nullptr) return nullptr;
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), item);
  }
  return tuple.release();
}

}  // namespace

const ValueTypes* FindValueTypes() {
  static std::atomic<const ValueTypes*> kept{nullptr};
  if (const ValueTypes* known = kept.load(std::memory_order_acquire)) return known;
  // Two threads that come here at once find the same classes, and one of the two finds is forgotten.
  auto types = std::make_unique<ValueTypes>();
  const OwnedRef module(PyImport_ImportModule("toolvitals.snapshot._values"));
  if (!module || !FindFamilyTypes(module.get(), *types) || !FindPartTypes(module.get(), *types)) return nullptr;
  const OwnedRef math(PyImport_ImportModule("math"));
  types->nan = math ? PyObject_GetAttrString(math.get(), "nan") : nullptr;
  types->frozen_dict = reinterpret_cast<PyTypeObject*>(PyObject_GetAttrString(module.get(), "FrozenDict"));
  if (types->nan == nullptr || types->frozen_dict == nullptr) return nullptr;
  kept.store(types.get(), std::memory_order_release);
  return types.release();
}

PyObject* NewFloat(const ValueTypes& types, double value) {
  return std::isnan(value) ? Py_NewRef(types.nan) : PyFloat_FromDouble(value);
}

PyObject* NewFloatOrNone(double value) { return std::isnan(value) ? Py_NewRef(Py_None) : PyFloat_FromDouble(value); }

PyObject* NewUnsignedOrNone(uint64_t value) { return value == 0 ? Py_NewRef(Py_None) : NewUnsigned(value); }

PyObject* NewNumber(const ValueTypes& types, Number value) {
  return value.is_whole ? NewUnsigned(value.whole) : NewFloat(types, value.real);
}

PyObject* NewSeconds(int64_t micros) {
  return micros == 0 ? Py_NewRef(Py_None) : PyFloat_FromDouble(static_cast<double>(micros) / 1e6);
}

PyObject* NewFrozenDict(const ValueTypes& types) {
  static PyObject* const no_arguments = PyTuple_New(0);
  return types.frozen_dict->tp_new(types.frozen_dict, no_arguments, nullptr);
}

bool SetItem(PyObject* dict, PyObject* key, PyObject* value) {
  const OwnedRef held_key(key);
  const OwnedRef held_value(value);
  return key != nullptr && value != nullptr && PyDict_SetItem(dict, key, value) == 0;
}

PyObject* NewCounts(const ValueTypes& types, std::span<const std::pair<std::string, uint64_t>> counts) {
  OwnedRef dict(NewFrozenDict(types));
  if (!dict) return nullptr;
  for (const auto& [name, count] : counts) {
    if (!SetItem(dict.get(), ToPython(name), NewUnsigned(count))) return nullptr;
  }
  return dict.release();
}

PyObject* NewTuple(std::span<const double> values) { return TupleOf(values, &PyFloat_FromDouble); }

PyObject* NewTuple(std::span<const uint64_t> values) { return TupleOf(values, &NewUnsigned); }

PyObject* NewTuple(std::vector<PyObject*>& values) {
  const bool whole = std::none_of(values.begin(), values.end(), [](PyObject* value) { return value == nullptr; });
  PyObject* const tuple = whole ? PyTuple_New(static_cast<Py_ssize_t>(values.size())) : nullptr;
  for (size_t i = 0; i < values.size(); ++i) {
    if (tuple != nullptr) {
      PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), values[i]);
    } else {
      Py_XDECREF(values[i]);
    }
  }
  values.clear();
  return tuple;
}

}  // namespace toolvitals
