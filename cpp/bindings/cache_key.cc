// CacheKey's hash and comparison.
// Floor: bindings.
#include "bindings/cache_key.h"

#include <algorithm>
#include <cstdint>

#include "absl/hash/hash.h"
#include "absl/types/span.h"
#include "bindings/guard.h"

namespace toolvitals {

PyTypeObject cache_key_type =
    BlankType("toolvitals.CacheKey", sizeof(CacheKeyObject), "The arguments of a call to a cached function.");

namespace {

CacheKeyObject* Key(PyObject* key) { return reinterpret_cast<CacheKeyObject*>(key); }

// Stands between positions and keywords: no argument is this object.
PyObject* KeywordsFollow() { return reinterpret_cast<PyObject*>(&cache_key_type); }

// functools.lru_cache takes such an argument itself for a key, which then equals no tuple of one.
bool StandsAlone(PyObject* key) {
  if (Py_SIZE(key) != 1) return false;
  PyObject* part = Key(key)->parts[0];
  return PyLong_CheckExact(part) || PyUnicode_CheckExact(part);
}

PyObject* Compare(PyObject* left, PyObject* right, int operation) {
  if (!IsCacheKey(left) || !IsCacheKey(right) || (operation != Py_EQ && operation != Py_NE)) Py_RETURN_NOTIMPLEMENTED;
  bool equal = Py_SIZE(left) == Py_SIZE(right) && StandsAlone(left) == StandsAlone(right);
  for (Py_ssize_t i = 0; equal && i < Py_SIZE(left); ++i) {
    const int same = PyObject_RichCompareBool(Key(left)->parts[i], Key(right)->parts[i], Py_EQ);
    if (same < 0) return nullptr;
    equal = same != 0;
  }
  return PyBool_FromLong(equal == (operation == Py_EQ));
}

Py_hash_t HashOf(PyObject* self) { return Key(self)->hash; }

int Traverse(PyObject* self, visitproc visit, void* arg) {
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_VISIT(Key(self)->parts[i]);
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  for (Py_ssize_t i = 0; i < Py_SIZE(self); ++i) Py_DECREF(Key(self)->parts[i]);
  PyObject_GC_Del(self);
}

}  // namespace

ArgumentsKey::ArgumentsKey(PyObject* const* args, Py_ssize_t count, PyObject* keywords, bool typed) {
  const Py_ssize_t named = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  if (named == 0 && !typed) {
    Use(args, count);
    return;
  }
  parts_.assign(args, args + count);
  if (named > 0) parts_.push_back(KeywordsFollow());
  for (Py_ssize_t i = 0; i < named; ++i) {
    parts_.push_back(PyTuple_GET_ITEM(keywords, i));
    parts_.push_back(args[count + i]);
  }
  if (typed) AddTypes(args, count + named);
  Use(parts_.data(), static_cast<Py_ssize_t>(parts_.size()));
}

ArgumentsKey::ArgumentsKey(PyObject* args, PyObject* keywords, bool typed) {
  const Py_ssize_t count = PyTuple_GET_SIZE(args);
  PyObject* const* values = reinterpret_cast<PyTupleObject*>(args)->ob_item;
  if (PyDict_GET_SIZE(keywords) == 0 && !typed) {
    Use(values, count);
    return;
  }
  parts_.assign(values, values + count);
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  Py_ssize_t at = 0;
  if (PyDict_GET_SIZE(keywords) > 0) parts_.push_back(KeywordsFollow());
  while (PyDict_Next(keywords, &at, &name, &value)) {
    parts_.push_back(name);
    parts_.push_back(value);
  }
  if (typed) {
    AddTypes(values, count);
    at = 0;
    while (PyDict_Next(keywords, &at, &name, &value)) AddTypes(&value, 1);
  }
  Use(parts_.data(), static_cast<Py_ssize_t>(parts_.size()));
}

void ArgumentsKey::AddTypes(PyObject* const* values, Py_ssize_t count) {
  for (Py_ssize_t i = 0; i < count; ++i) parts_.push_back(reinterpret_cast<PyObject*>(Py_TYPE(values[i])));
}

void ArgumentsKey::Use(PyObject* const* parts, Py_ssize_t count) {
  object_ = {.ob_base = {PyObject_HEAD_INIT(&cache_key_type) count}, .hash = -1, .owns = false, .parts = parts};
}

bool ArgumentsKey::Hash() {
  size_t hash = 0;
  for (PyObject* part : absl::MakeConstSpan(object_.parts, static_cast<size_t>(Py_SIZE(get())))) {
    const Py_hash_t of_part = PyObject_Hash(part);
    if (of_part == -1) return false;
    hash = absl::HashOf(hash, of_part);
  }
  object_.hash = static_cast<Py_hash_t>(hash);
  // What says that there is an exception.
  if (object_.hash == -1) object_.hash = -2;
  return true;
}

PyObject* OwnedKey(PyObject* key) {
  const CacheKeyObject* from = Key(key);
  if (from->owns) return Py_NewRef(key);
  auto* made = PyObject_GC_NewVar(CacheKeyObject, &cache_key_type, Py_SIZE(key));
  if (made == nullptr) return nullptr;
  auto** const parts = reinterpret_cast<PyObject**>(made + 1);
  for (Py_ssize_t i = 0; i < Py_SIZE(key); ++i) parts[i] = Py_NewRef(from->parts[i]);
  made->hash = from->hash;
  made->owns = true;
  made->parts = parts;
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

bool AddCacheKeyType(PyObject* module) {
  PyTypeObject& type = cache_key_type;
  type.tp_itemsize = sizeof(PyObject*);
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_richcompare = Guarded<&Compare>;
  type.tp_hash = Guarded<&HashOf>;
  return PyModule_AddType(module, &type) == 0;
}

}  // namespace toolvitals
