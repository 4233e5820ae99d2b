// Calls of a cached function: a look-up that is counted, or the function and its result kept.
// Floor: bindings.
#include "bindings/lru_type.h"

#include <structmember.h>

#include <cstddef>
#include <limits>
#include <new>

#include "base/clock.h"
#include "bindings/cache_key.h"
#include "bindings/cache_type.h"
#include "bindings/critical_section.h"
#include "bindings/function_slot.h"
#include "bindings/guard.h"
#include "bindings/lru_entries.h"

namespace toolvitals {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

struct LruObject {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* function;
  CacheMetricsObject* handle;
  PyObject* clock;  // nullptr for CLOCK_MONOTONIC
  PyObject* code;   // of the function whose calls come here past its body
  PyObject* weakrefs;
  double ttl;  // seconds; kNever for no end
  bool typed;
  Word hits;  // since it was cleared
  Word misses;
  LruEntries entries;
};

PyTypeObject lru_type = BlankType("toolvitals.Lru", sizeof(LruObject),
                                  "Lru(function, cache, maxsize, typed, ttl_s, clock, /)\n--\n\n"
                                  "Calls the function, keeps its results and records every look-up in the cache's "
                                  "handle; it stands behind what cached returns. Thread-safe.");

LruObject* Lru(PyObject* self) { return reinterpret_cast<LruObject*>(self); }

// False with an exception.
bool ReadClock(const LruObject* me, double& now) {
  now = 0;
  if (me->ttl == kNever) return true;
  if (me->clock == nullptr) {
    now = static_cast<double>(Clock::MonotonicNanos()) * 1e-9;
    return true;
  }
  const OwnedRef told(PyObject_CallNoArgs(me->clock));
  now = told ? PyFloat_AsDouble(told.get()) : -1;
  return now != -1 || PyErr_Occurred() == nullptr;
}

void Evicted(const LruObject* me, uint64_t count) {
  if (count > 0) Add<kPythonWriters>(me->handle->cache->cell().evictions, count);
}

void Hit(LruObject* me) {
  Add<kPythonWriters>(me->hits, 1);
  Add<kPythonWriters>(me->handle->cache->cell().hits, 1);
}

void Miss(LruObject* me) {
  Add<kPythonWriters>(me->misses, 1);
  Add<kPythonWriters>(me->handle->cache->cell().misses, 1);
}

// A new reference, which counts a hit; nullptr where there is none, also with an exception.
PyObject* FindValue(LruObject* me, PyObject* key) {
  double now = 0;
  if (!ReadClock(me, now)) return nullptr;
  uint64_t evicted = 0;
  PyObject* value = nullptr;
  {
    const CriticalSection section(reinterpret_cast<PyObject*>(me));
    value = me->entries.Find(key, now, evicted);
  }
  Evicted(me, evicted);
  if (value != nullptr) [[likely]]
    Hit(me);
  return value;
}

bool KeepValue(LruObject* me, PyObject* key, PyObject* value) {
  double now = 0;
  if (!me->entries.keeps()) return true;
  if (!ReadClock(me, now)) return false;
  uint64_t evicted = 0;
  bool kept = false;
  {
    const CriticalSection section(reinterpret_cast<PyObject*>(me));
    kept = me->entries.Keep(key, value, now, now + me->ttl, evicted);
  }
  Evicted(me, evicted);
  return kept;
}

PyObject* Call(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  LruObject* me = Lru(self);
  ArgumentsKey key(args, PyVectorcall_NARGS(count), keywords, me->typed);
  if (me->entries.keeps()) [[likely]] {  // else any arguments will do, also those that cannot be hashed
    if (!key.Hash()) return nullptr;
    PyObject* found = FindValue(me, key.get());
    if (found != nullptr || PyErr_Occurred() != nullptr) return found;
  }
  Miss(me);
  const OwnedRef self_held(Py_NewRef(self));
  if (me->function == nullptr) return PyErr_Format(PyExc_ReferenceError, "the cached function is gone");
  const OwnedRef function(Py_NewRef(me->function));
  OwnedRef value(PyObject_Vectorcall(function.get(), args, count, keywords));
  if (!value || !KeepValue(me, key.get(), value.get())) return nullptr;
  return value.release();
}

// A function whose first closure cell has an Lru. One whose code has been set anew does what that says.
PyObject* CallThroughClosure(PyObject* function, PyObject* const* args, size_t count, PyObject* keywords) {
  auto* me = reinterpret_cast<PyFunctionObject*>(function);
  PyObject* lru = FirstInClosure(me);
  if (lru == nullptr || !Py_IS_TYPE(lru, &lru_type) || Lru(lru)->code != me->func_code) [[unlikely]] {
    return RunBody(function, args, count, keywords);
  }
  return Call(lru, args, count, keywords);
}

PyObject* CallCached(PyObject*, PyObject* object) {
  auto* function = reinterpret_cast<PyFunctionObject*>(object);
  if (!PyFunction_Check(object) || function->func_closure == nullptr || PyTuple_GET_SIZE(function->func_closure) == 0) {
    return PyErr_Format(PyExc_TypeError, "%R is not a function with a closure", object);
  }
  PyObject* lru = FirstInClosure(function);
  if (lru == nullptr || !Py_IS_TYPE(lru, &lru_type)) {
    return PyErr_Format(PyExc_ValueError, "%R has no Lru in its closure", object);
  }
  Py_XSETREF(Lru(lru)->code, Py_NewRef(function->func_code));
  SetCallsOf(function, &CallThroughClosure);
  return Py_NewRef(object);
}

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* function = nullptr;
  PyObject* handle = nullptr;
  PyObject* maxsize = nullptr;
  int typed = 0;
  PyObject* ttl = nullptr;
  PyObject* clock = nullptr;
  if (keywords != nullptr && PyDict_GET_SIZE(keywords) > 0) {
    PyErr_SetString(PyExc_TypeError, "Lru takes no keywords");
    return nullptr;
  }
  if (!PyArg_ParseTuple(args, "OO!OpOO", &function, &cache_metrics_type, &handle, &maxsize, &typed, &ttl, &clock)) {
    return nullptr;
  }
  const Py_ssize_t bound = maxsize == Py_None ? LruEntries::kUnbounded : PyLong_AsSsize_t(maxsize);
  const double seconds = ttl == Py_None ? kNever : PyFloat_AsDouble(ttl);
  if (PyErr_Occurred() != nullptr) return nullptr;
  OwnedRef self(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  LruObject* me = Lru(self.get());
  new (&me->hits) Word(0);
  new (&me->misses) Word(0);
  me->vectorcall = Guarded<&Call>;
  me->function = Py_NewRef(function);
  me->handle = reinterpret_cast<CacheMetricsObject*>(Py_NewRef(handle));
  me->clock = clock == Py_None ? nullptr : Py_NewRef(clock);
  me->ttl = seconds;
  me->typed = typed != 0;
  return me->entries.Init(bound) ? self.release() : nullptr;
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Lru(self)->function);
  Py_VISIT(Lru(self)->clock);
  Py_VISIT(Lru(self)->code);
  return Lru(self)->entries.Traverse(visit, arg);
}

int Clear(PyObject* self) {
  Py_CLEAR(Lru(self)->function);
  Py_CLEAR(Lru(self)->clock);
  Py_CLEAR(Lru(self)->code);
  Lru(self)->entries.Drop();
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (Lru(self)->weakrefs != nullptr) PyObject_ClearWeakRefs(self);
  Clear(self);
  Py_XDECREF(reinterpret_cast<PyObject*>(Lru(self)->handle));
  Py_TYPE(self)->tp_free(self);
}

bool TakeCallArguments(PyObject* const* args, Py_ssize_t count) {
  if (count == 2 && PyTuple_Check(args[0]) && PyDict_Check(args[1])) return true;
  PyErr_SetString(PyExc_TypeError, "a tuple and a dict are wanted");
  return false;
}

PyObject* LookUp(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (!TakeCallArguments(args, count)) return nullptr;
  ArgumentsKey key(args[0], args[1], Lru(self)->typed);
  if (!key.Hash()) return nullptr;
  PyObject* found = FindValue(Lru(self), key.get());
  return found != nullptr || PyErr_Occurred() != nullptr ? found : OwnedKey(key.get());
}

bool TakeKey(PyObject* key) {
  if (IsCacheKey(key)) return true;
  PyErr_Format(PyExc_TypeError, "%R is not a CacheKey", key);
  return false;
}

PyObject* Find(PyObject* self, PyObject* key) {
  if (!TakeKey(key)) return nullptr;
  PyObject* found = FindValue(Lru(self), key);
  return found != nullptr || PyErr_Occurred() != nullptr ? found : Py_NewRef(key);
}

PyObject* Keep(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count != 2) {
    PyErr_SetString(PyExc_TypeError, "keep() takes a key and a value");
    return nullptr;
  }
  if (!TakeKey(args[0]) || !KeepValue(Lru(self), args[0], args[1])) return nullptr;
  Py_RETURN_NONE;
}

template <void (*record)(LruObject*)>
PyObject* Record(PyObject* self, PyObject*) {
  record(Lru(self));
  Py_RETURN_NONE;
}

PyObject* Counts(PyObject* self, PyObject*) {
  const CriticalSection section(self);
  const LruObject* me = Lru(self);
  return Py_BuildValue("KKn", static_cast<unsigned long long>(me->hits.load(std::memory_order_relaxed)),
                       static_cast<unsigned long long>(me->misses.load(std::memory_order_relaxed)), me->entries.size());
}

PyObject* Forget(PyObject* self, PyObject*) {
  OwnedRef dropped;
  {
    const CriticalSection section(self);
    dropped = OwnedRef(Lru(self)->entries.Clear());
    if (!dropped) return nullptr;
    Lru(self)->hits.store(0, std::memory_order_relaxed);
    Lru(self)->misses.store(0, std::memory_order_relaxed);
  }
  dropped = OwnedRef();
  Py_RETURN_NONE;
}

PyObject* Keeps(PyObject* self, void*) { return PyBool_FromLong(Lru(self)->entries.keeps()); }

PyMethodDef methods[] = {
    {"look_up", AsMethod(Guarded<&LookUp>), METH_FASTCALL,
     "look_up($self, args, kwargs, /)\n--\n\n"
     "What is kept for these arguments, which counts a hit; else their CacheKey, which no function can return."},
    {"find", Guarded<&Find>, METH_O,
     "find($self, key, /)\n--\n\nWhat is kept for the key, which counts a hit; else the key itself."},
    {"keep", AsMethod(Guarded<&Keep>), METH_FASTCALL,
     "keep($self, key, value, /)\n--\n\n"
     "Keeps a value, as functools.lru_cache does: where the key has one already, that one stays if there is a bound, "
     "and is replaced if there is none. Evicts what no longer fits."},
    {"hit", Guarded<&Record<&Hit>>, METH_NOARGS, "hit($self, /)\n--\n\nCounts and records a hit."},
    {"miss", Guarded<&Record<&Miss>>, METH_NOARGS, "miss($self, /)\n--\n\nCounts and records a miss."},
    {"counts", Guarded<&Counts>, METH_NOARGS,
     "counts($self, /)\n--\n\nHits and misses since it was cleared, and the number of entries."},
    {"clear", Guarded<&Forget>, METH_NOARGS, "clear($self, /)\n--\n\nForgets the entries and the counts."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"keeps", Guarded<&Keeps>, nullptr, "Whether anything is kept: maxsize is not 0.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMethodDef functions[] = {
    {"call_cached", Guarded<&CallCached>, METH_O,
     "call_cached(function, /)\n--\n\n"
     "Has calls of the function go to the Lru in its closure, past its body. Returns the function."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool AddLruType(PyObject* module) {
  PyTypeObject& type = lru_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
  type.tp_vectorcall_offset = offsetof(LruObject, vectorcall);
  type.tp_weaklistoffset = offsetof(LruObject, weakrefs);
  type.tp_call = &PyVectorcall_Call;
  type.tp_new = Guarded<&New>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_methods = methods;
  type.tp_getset = properties;
  return ReadyLruEntryType() && AddCacheKeyType(module) && PyModule_AddType(module, &type) == 0 &&
         PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace toolvitals
