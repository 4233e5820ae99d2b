// CacheMetrics' methods.
// Floor: bindings.
#include "bindings/cache_type.h"

#include "bindings/guard.h"
#include "bindings/handles.h"
#include "bindings/snapshot_objects.h"

namespace toolvitals {

PyTypeObject cache_metrics_type = BlankType(
    "toolvitals.CacheMetrics", sizeof(CacheMetricsObject),
    "A cache's handle, for the hottest paths. Made by PerformanceMetricsCollector.cache(); valid for ever, in every "
    "thread and in forked children.");

namespace {

CacheMetrics& Cache(PyObject* self) { return *reinterpret_cast<CacheMetricsObject*>(self)->cache; }

template <Word CacheCell::*word>
PyObject* Record(PyObject* self, PyObject*) {
  Add<kPythonWriters>(Cache(self).cell().*word, 1);
  Py_RETURN_NONE;
}

PyObject* Metrics(PyObject* self, PyObject*) { return CacheDict(Cache(self).name()); }

PyObject* Name(PyObject* self, void*) { return ToPython(Cache(self).name()); }

PyObject* Repr(PyObject* self) {
  const OwnedRef name(Name(self, nullptr));
  return name ? PyUnicode_FromFormat("<toolvitals.CacheMetrics %R>", name.get()) : nullptr;
}

PyMethodDef methods[] = {
    {"record_hit", Guarded<&Record<&CacheCell::hits>>, METH_NOARGS,
     "record_hit($self, /)\n--\n\nRecords a look-up that found its entry. Never raises; thread-safe."},
    {"record_miss", Guarded<&Record<&CacheCell::misses>>, METH_NOARGS,
     "record_miss($self, /)\n--\n\nRecords a look-up that found nothing. Never raises; thread-safe."},
    {"record_eviction", Guarded<&Record<&CacheCell::evictions>>, METH_NOARGS,
     "record_eviction($self, /)\n--\n\nRecords an entry that was pushed out or expired. Never raises; thread-safe."},
    {"record_size_rejection", Guarded<&Record<&CacheCell::size_rejections>>, METH_NOARGS,
     "record_size_rejection($self, /)\n--\n\n"
     "Records an entry that was not kept because it is too large. Never raises; thread-safe."},
    {"metrics", Guarded<&Metrics>, METH_NOARGS,
     "metrics($self, /)\n--\n\nThe cache's metrics as a dict, as PerformanceMetricsCollector.get_cache_metrics()."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"name", Guarded<&Name>, nullptr,
     "The cache's name; 'overflow' where a budget was spent when the handle was asked for.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

PyObject* HandleOf(CacheMetrics& cache) {
  static auto* handles = new Handles<CacheMetricsObject, CacheMetrics>;
  return handles->Get(cache, [&] {
    auto* made = PyObject_New(CacheMetricsObject, &cache_metrics_type);
    if (made != nullptr) made->cache = &cache;
    return made;
  });
}

bool AddCacheMetricsType(PyObject* module) {
  cache_metrics_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
  cache_metrics_type.tp_repr = Guarded<&Repr>;
  cache_metrics_type.tp_dealloc = [](PyObject* self) { PyObject_Free(self); };
  cache_metrics_type.tp_methods = methods;
  cache_metrics_type.tp_getset = properties;
  return PyModule_AddType(module, &cache_metrics_type) == 0;
}

}  // namespace toolvitals
