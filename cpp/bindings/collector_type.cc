// The collector's methods, and the quick way from a name to its cells.
// Floor: bindings.
#include "bindings/collector_type.h"
#include "bindings/forgetting.h"

#include <array>
#include <cstdint>
#include <new>
#include <string_view>

#include "bindings/arguments.h"
#include "bindings/cache_type.h"
#include "bindings/drops.h"
#include "bindings/fold_notices.h"
#include "bindings/gil.h"
#include "bindings/guard.h"
#include "bindings/snapshot_objects.h"
#include "bindings/tool_type.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

PyTypeObject collector_type =
    BlankType("toolvitals.PerformanceMetricsCollector", sizeof(PyObject),
              "The collector of this process: a thread-safe singleton, which calling the class returns.\n\n"
              "record_* never raise and never block; see the contract for what is dropped and counted.");

PyObject* the_collector = nullptr;
std::array<PyObject*, 4> call_argument_names;
std::array<PyObject*, 1> cache_argument_names;

// From a string object to what it names, by the object's address: no hash, no comparison of text. Only interned strings
// are kept, those that stand in source code; a name made anew for each call takes the long way. Direct mapped, and a
// key is held, so that its address cannot come to mean another string.
template <typename Found>
class NameCache {
 public:
  Found* Find(PyObject* name) const {
    const Slot& slot = slots_[Index(name)];
    return slot.name == name ? slot.found : nullptr;
  }

  void Keep(PyObject* name, Found* found) {
    if (!PyUnicode_CheckExact(name) || !PyUnicode_CHECK_INTERNED(name)) return;
    Slot& slot = slots_[Index(name)];
    PyObject* before = slot.name;
    slot.name = Py_NewRef(name);
    slot.found = found;
    Py_XDECREF(before);
  }

 private:
  static constexpr size_t kSlots = 512;

  struct Slot {
    PyObject* name = nullptr;
    Found* found = nullptr;
  };

  // Objects lie 16 bytes apart at least.
  static size_t Index(PyObject* name) { return (reinterpret_cast<uintptr_t>(name) >> 4) % kSlots; }

  std::array<Slot, kSlots> slots_{};
};

#ifdef Py_GIL_DISABLED
#define TOOLVITALS_PER_WRITER thread_local
#else
#define TOOLVITALS_PER_WRITER
#endif
TOOLVITALS_PER_WRITER NameCache<PyObject> tool_names;
TOOLVITALS_PER_WRITER NameCache<CacheMetrics> cache_names;

// The handle of the tool that the object names; borrowed, and alive for ever. Throws std::bad_alloc.
Converted FindTool(PyObject* object, ToolMetricsObject** tool) {
  PyObject* handle = tool_names.Find(object);
  if (handle == nullptr) [[unlikely]] {
    std::string_view name;
    if (const Converted got = ToName(object, &name); got != Converted::kValue) return got;
    handle = HandleOf(Collector::Global().Tool(name));
    if (handle == nullptr) throw std::bad_alloc();
    tool_names.Keep(object, handle);
    Py_DECREF(handle);
    TellFoldsQuietly();
  }
  *tool = reinterpret_cast<ToolMetricsObject*>(handle);
  return Converted::kValue;
}

PyObject* RecordToolCall(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  std::array<PyObject*, 4> places{};
  if (!PlaceArguments(call_argument_names, args, count, keywords, places) || places[0] == nullptr) [[unlikely]] {
    return Drop(DropReason::kArguments, PyExc_TypeError,
                "record_tool_call() takes tool_name, success, latency_ms and error_type, each once");
  }
  ToolMetricsObject* tool = nullptr;
  if (const Converted got = FindTool(places[0], &tool); got != Converted::kValue) return NotRecorded(got);
  return RecordCall(tool, places[1], places[2], places[3]);
}

template <Word CacheCell::*word>
PyObject* RecordCache(PyObject*, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  std::array<PyObject*, 1> places{};
  if (!PlaceArguments(cache_argument_names, args, count, keywords, places) || places[0] == nullptr) [[unlikely]] {
    return Drop(DropReason::kArguments, PyExc_TypeError, "record_cache_*() take cache_name, once");
  }
  PyObject* const object = places[0];
  CacheMetrics* cache = cache_names.Find(object);
  if (cache == nullptr) [[unlikely]] {
    std::string_view name;
    if (const Converted got = ToName(object, &name); got != Converted::kValue) return NotRecorded(got);
    cache = &Collector::Global().Cache(name);
    cache_names.Keep(object, cache);
    TellFoldsQuietly();
  }
  Add<kPythonWriters>(cache->cell().*word, 1);
  Py_RETURN_NONE;
}

PyObject* Tool(PyObject*, PyObject* object) {
  std::string_view name;
  if (!ToNameOrRaise(object, &name)) return nullptr;
  ToolMetrics& tool = Collector::Global().Tool(name);
  TellFoldsQuietly();
  return HandleOf(tool);
}

PyObject* Cache(PyObject*, PyObject* object) {
  std::string_view name;
  if (!ToNameOrRaise(object, &name)) return nullptr;
  CacheMetrics& cache = Collector::Global().Cache(name);
  TellFoldsQuietly();
  return HandleOf(cache);
}

// A name that could never be recorded names nothing that exists.
template <PyObject* (*Get)(std::string_view)>
PyObject* GetMetrics(PyObject*, PyObject* object) {
  if (!PyUnicode_Check(object)) return PyErr_Format(PyExc_TypeError, "a name must be a str, not %R", object);
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text == nullptr) {
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return nullptr;
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  return Get(std::string_view(text, static_cast<size_t>(size)));
}

PyObject* GetSystemMetrics(PyObject*, PyObject*) { return SystemDict(); }

PyObject* GetAllMetrics(PyObject*, PyObject*) { return AllDict(); }

// With the GIL held, so that with serialized writers no record is between its load and its store.
PyObject* Reset(PyObject*, PyObject*) {
  Collector::Global().Reset();
  if (!ForgetElsewhere(nullptr)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* New(PyTypeObject*, PyObject* args, PyObject* keywords) {
  if (PyTuple_GET_SIZE(args) != 0 || (keywords != nullptr && PyDict_GET_SIZE(keywords) != 0)) {
    PyErr_SetString(PyExc_TypeError, "PerformanceMetricsCollector() takes no arguments");
    return nullptr;
  }
  return Py_NewRef(the_collector);
}

PyObject* Reduce(PyObject* self, PyObject*) { return Py_BuildValue("O()", Py_TYPE(self)); }

PyMethodDef methods[] = {
    {"record_tool_call", AsMethod(GuardedRecord<&RecordToolCall>), METH_FASTCALL | METH_KEYWORDS,
     "record_tool_call($self, /, tool_name, success=True, latency_ms=..., error_type=None)\n--\n\n"
     "Records one finished call of a tool that took `latency_ms` milliseconds (finite, >= 0).\n\n"
     "`tool_name` is 1 to 256 bytes of UTF-8; `error_type` names the error of a call that failed. Never raises: a bad\n"
     "argument drops the record and is counted, unless TOOLVITALS_STRICT is set. Thread-safe."},
    {"record_cache_hit", AsMethod(GuardedRecord<&RecordCache<&CacheCell::hits>>), METH_FASTCALL | METH_KEYWORDS,
     "record_cache_hit($self, /, cache_name)\n--\n\nRecords a look-up that found its entry. Never raises."},
    {"record_cache_miss", AsMethod(GuardedRecord<&RecordCache<&CacheCell::misses>>), METH_FASTCALL | METH_KEYWORDS,
     "record_cache_miss($self, /, cache_name)\n--\n\nRecords a look-up that found nothing. Never raises."},
    {"record_cache_eviction", AsMethod(GuardedRecord<&RecordCache<&CacheCell::evictions>>),
     METH_FASTCALL | METH_KEYWORDS,
     "record_cache_eviction($self, /, cache_name)\n--\n\nRecords an entry that was pushed out. Never raises."},
    {"record_cache_size_rejection", AsMethod(GuardedRecord<&RecordCache<&CacheCell::size_rejections>>),
     METH_FASTCALL | METH_KEYWORDS,
     "record_cache_size_rejection($self, /, cache_name)\n--\n\n"
     "Records an entry that was not kept because it is too large. Never raises."},
    {"tool", Guarded<&Tool>, METH_O,
     "tool($self, tool_name, /)\n--\n\n"
     "The tool's kept handle, a ToolMetrics; registers the tool. TypeError or ValueError for a bad name."},
    {"cache", Guarded<&Cache>, METH_O,
     "cache($self, cache_name, /)\n--\n\n"
     "The cache's kept handle, a CacheMetrics; registers the cache. TypeError or ValueError for a bad name."},
    {"get_tool_metrics", Guarded<&GetMetrics<&ToolDict>>, METH_O,
     "get_tool_metrics($self, tool_name, /)\n--\n\nOne tool's entry of get_all_metrics(), or None."},
    {"get_cache_metrics", Guarded<&GetMetrics<&CacheDict>>, METH_O,
     "get_cache_metrics($self, cache_name, /)\n--\n\nOne cache's entry of get_all_metrics(), or None."},
    {"get_system_metrics", Guarded<&GetSystemMetrics>, METH_NOARGS,
     "get_system_metrics($self, /)\n--\n\nThe process and the interpreter: CPU, memory, descriptors, threads."},
    {"get_all_metrics", Guarded<&GetAllMetrics>, METH_NOARGS,
     "get_all_metrics($self, /)\n--\n\nEverything, as served by GET /metrics.json: a dict that json can serialize."},
    {"reset", Guarded<&Reset>, METH_NOARGS,
     "reset($self, /)\n--\n\nZeroes every count and forgets every sample. Handles and calls in flight stay."},
    {"__reduce__", Guarded<&Reduce>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool AddCollectorType(PyObject* module) {
  if (!InternAll({"tool_name", "success", "latency_ms", "error_type"}, call_argument_names) ||
      !InternAll({"cache_name"}, cache_argument_names)) {
    return false;
  }
  collector_type.tp_methods = methods;
  collector_type.tp_new = Guarded<&New>;
  if (PyModule_AddType(module, &collector_type) != 0) return false;
  the_collector = PyObject_New(PyObject, &collector_type);
  if (the_collector == nullptr) return false;
  MakeImmortal(the_collector);
  return true;
}

}  // namespace toolvitals
