// Calls of a function that functools.lru_cache made, and the recording of what it has counted since.
// Floor: bindings.
#include "bindings/counted_lru_type.h"

#include <cstddef>
#include <new>

#include "bindings/cache_type.h"
#include "bindings/critical_section.h"
#include "bindings/guard.h"
#include "bindings/lru_counts.h"

namespace toolvitals {
namespace {

// What it knows of the function's counts is read and changed in the function's critical section, with no Python code in
// between. It never runs in a call of the function, which may take as long as it likes.
struct CountedLru {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* function;
  PyObject* entries;  // its own, held so that the garbage collector does not free them before this
  CacheMetricsObject* handle;
  PyObject* dict;
  PyObject* weakrefs;
  LruCounts counts;
  // Recorded so far, of what the function counts since it was cleared.
  Py_ssize_t hits;
  Py_ssize_t misses;
  Py_ssize_t evictions;
  Py_ssize_t failures;   // misses that kept nothing
  Py_ssize_t baseline;   // misses of before, whose entries are gone
  Py_ssize_t under_way;  // calls
  bool bounded;
};

PyTypeObject counted_lru_type =
    BlankType("toolvitals.CountedLru", sizeof(CountedLru),
              "Calls a function that functools.lru_cache made and records what that has counted since. Thread-safe.");

CountedLru* Counted(PyObject* self) { return reinterpret_cast<CountedLru*>(self); }

void Forget(CountedLru* me) { me->hits = me->misses = me->evictions = me->failures = me->baseline = 0; }

void AddTo(Word& word, Py_ssize_t count) {
  if (count > 0) Add<kPythonWriters>(word, static_cast<uint64_t>(count));
}

// Records evictions: misses that neither failed nor grew the cache. Each call under way may be a miss that is yet to
// add its entry.
void CollectEvictions(CountedLru* me, CacheCell& cell) {
  if (!me->bounded) return;
  const Py_ssize_t gone =
      me->counts.misses() - me->baseline - me->failures - me->counts.entries() - me->under_way - me->evictions;
  if (gone <= 0) return;
  me->evictions += gone;
  AddTo(cell.evictions, gone);
}

// In the critical section.
void Collect(CountedLru* me) {
  CacheCell& cell = me->handle->cache->cell();
  const Py_ssize_t hits = me->counts.hits();
  const Py_ssize_t misses = me->counts.misses();
  // The program has cleared the function, past this object.
  if (hits < me->hits || misses < me->misses) [[unlikely]]
    Forget(me);
  AddTo(cell.hits, hits - me->hits);
  me->hits = hits;
  AddTo(cell.misses, misses - me->misses);
  me->misses = misses;
  CollectEvictions(me, cell);
}

// Whether a call that raised got as far as a look-up: arguments that cannot be hashed are refused before it counts.
bool LookedUp(PyObject* const* args, size_t count, PyObject* keywords) {
  if (!PyErr_ExceptionMatches(PyExc_TypeError)) return true;
  const ExceptionAside aside;
  const Py_ssize_t values = PyVectorcall_NARGS(count) + (keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords));
  for (Py_ssize_t i = 0; i < values; ++i) {
    if (PyObject_Hash(args[i]) != -1) continue;
    PyErr_Clear();
    return false;
  }
  return true;
}

PyObject* Call(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  CountedLru* me = Counted(self);
  const OwnedRef held(Py_NewRef(self));
  {
    const CriticalSection section(me->function);
    ++me->under_way;
  }
  OwnedRef value(PyObject_Vectorcall(me->function, args, count, keywords));
  const bool failed = !value && LookedUp(args, count, keywords);
  {
    const CriticalSection section(me->function);
    --me->under_way;
    me->failures += failed ? 1 : 0;
    Collect(me);
  }
  return value.release();
}

PyObject* CacheClear(PyObject* self, PyObject*) {
  CountedLru* me = Counted(self);
  {
    const CriticalSection section(me->function);
    Collect(me);
    // The function sets its counts to zero before anything else.
    Forget(me);
  }
  return PyObject_CallMethod(me->function, "cache_clear", nullptr);
}

PyObject* CacheInfo(PyObject* self, PyObject*) {
  return PyObject_CallMethod(Counted(self)->function, "cache_info", nullptr);
}

PyObject* Bind(PyObject* self, PyObject* instance, PyObject*) {
  return instance == nullptr || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

PyObject* Same(PyObject* self, PyObject*) { return Py_NewRef(self); }

// By name, as functions are pickled.
PyObject* Reduce(PyObject* self, PyObject*) { return PyObject_GetAttrString(self, "__qualname__"); }

// False with an exception.
bool ReadBound(CountedLru* me) {
  const OwnedRef info(PyObject_CallMethod(me->function, "cache_info", nullptr));
  const OwnedRef maxsize(info ? PyObject_GetAttrString(info.get(), "maxsize") : nullptr);
  me->bounded = maxsize.get() != Py_None;
  return static_cast<bool>(maxsize);
}

PyObject* CountLru(PyObject*, PyObject* args) {
  PyObject* function = nullptr;
  PyObject* handle = nullptr;
  if (!PyArg_ParseTuple(args, "OO!", &function, &cache_metrics_type, &handle)) return nullptr;
  LruCounts counts;
  if (!counts.Find(function)) {
    if (PyErr_Occurred() != nullptr) return nullptr;
    Py_RETURN_NONE;
  }
  OwnedRef self(counted_lru_type.tp_alloc(&counted_lru_type, 0));
  if (!self) return nullptr;
  CountedLru* me = Counted(self.get());
  new (&me->counts) LruCounts(counts);
  me->vectorcall = Guarded<&Call>;
  me->function = Py_NewRef(function);
  me->entries = Py_NewRef(counts.entries_dict());
  me->handle = reinterpret_cast<CacheMetricsObject*>(Py_NewRef(handle));
  if (!ReadBound(me)) return nullptr;
  const CriticalSection section(function);
  me->hits = me->counts.hits();
  me->misses = me->counts.misses();
  me->baseline = me->misses - me->counts.entries();
  return self.release();
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Counted(self)->function);
  Py_VISIT(Counted(self)->entries);
  Py_VISIT(Counted(self)->dict);
  return 0;
}

// The function and its entries stay: a call may be under way, and they break the cycles that lead through them.
int Clear(PyObject* self) {
  Py_CLEAR(Counted(self)->dict);
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (Counted(self)->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  Clear(self);
  Py_XDECREF(Counted(self)->function);
  Py_XDECREF(Counted(self)->entries);
  Py_XDECREF(reinterpret_cast<PyObject*>(Counted(self)->handle));
  Py_TYPE(self)->tp_free(self);
}

PyMethodDef methods[] = {
    {"cache_info", Guarded<&CacheInfo>, METH_NOARGS, "cache_info($self, /)\n--\n\nWhat the function's own says."},
    {"cache_clear", Guarded<&CacheClear>, METH_NOARGS,
     "cache_clear($self, /)\n--\n\nForgets the entries and the counts; what was recorded stays."},
    {"__copy__", Guarded<&Same>, METH_NOARGS, nullptr},
    {"__deepcopy__", Guarded<&Same>, METH_O, nullptr},
    {"__reduce__", Guarded<&Reduce>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef functions[] = {
    {"count_lru", Guarded<&CountLru>, METH_VARARGS,
     "count_lru(function, cache, /)\n--\n\n"
     "What calls the function and records in the cache's handle; None where it is none of functools.lru_cache's, or "
     "the "
     "interpreter keeps its counts in a way that is not known."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool AddCountedLruType(PyObject* module) {
  PyTypeObject& type = counted_lru_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR |
                   Py_TPFLAGS_DISALLOW_INSTANTIATION;
  type.tp_vectorcall_offset = offsetof(CountedLru, vectorcall);
  type.tp_dictoffset = offsetof(CountedLru, dict);
  type.tp_weaklistoffset = offsetof(CountedLru, weakrefs);
  type.tp_call = &PyVectorcall_Call;
  type.tp_descr_get = Guarded<&Bind>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_methods = methods;
  type.tp_getset = properties;
  return PyModule_AddType(module, &type) == 0 && PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace toolvitals
