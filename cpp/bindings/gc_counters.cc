// The callback that gc calls before and after each collection.
// Floor: bindings.
#include "bindings/gc_counters.h"

#include "bindings/guard.h"
#include "bindings/python.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

uint64_t NumberIn(PyObject* dict, const char* key) {
  PyObject* value = PyDict_GetItemString(dict, key);  // borrowed
  if (value == nullptr) return 0;
  const unsigned long long number = PyLong_AsUnsignedLongLong(value);
  if (PyErr_Occurred() == nullptr) return number;
  PyErr_Clear();
  return 0;
}

PyObject* OnCollection(PyObject*, PyObject* const* args, Py_ssize_t count) {
  if (count != 2 || !PyUnicode_Check(args[0]) || !PyDict_Check(args[1])) Py_RETURN_NONE;
  if (PyUnicode_CompareWithASCIIString(args[0], "stop") != 0) Py_RETURN_NONE;
  const uint64_t generation = NumberIn(args[1], "generation");
  if (generation < kGcGenerations) {
    GcGenerationCell& cell = Collector::Global().segment().header().gc[generation];
    Add<kPythonWriters>(cell.collections, 1);
    Add<kPythonWriters>(cell.objects_collected, NumberIn(args[1], "collected"));
    Add<kPythonWriters>(cell.objects_uncollectable, NumberIn(args[1], "uncollectable"));
  }
  Py_RETURN_NONE;
}

PyMethodDef on_collection = {"toolvitals_gc_counter", AsMethod(Guarded<&OnCollection>), METH_FASTCALL,
                             "Counts garbage collections for python_gc_*."};

}  // namespace

bool InstallGcCounters() {
  static bool installed = false;
  if (installed) return true;
  const OwnedRef gc(PyImport_ImportModule("gc"));
  if (!gc) return false;
  const OwnedRef stats(PyObject_CallMethod(gc.get(), "get_stats", nullptr));
  const OwnedRef callbacks(PyObject_GetAttrString(gc.get(), "callbacks"));
  const OwnedRef counter(PyCFunction_New(&on_collection, nullptr));
  if (!stats || !callbacks || !counter) return false;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(stats.get()) && i < static_cast<Py_ssize_t>(kGcGenerations); ++i) {
    PyObject* generation = PyList_GET_ITEM(stats.get(), i);
    GcGenerationCell& cell = Collector::Global().segment().header().gc[i];
    cell.collections.store(NumberIn(generation, "collections"), std::memory_order_relaxed);
    cell.objects_collected.store(NumberIn(generation, "collected"), std::memory_order_relaxed);
    cell.objects_uncollectable.store(NumberIn(generation, "uncollectable"), std::memory_order_relaxed);
  }
  if (PyList_Append(callbacks.get(), counter.get()) != 0) return false;
  installed = true;
  return true;
}

}  // namespace toolvitals
