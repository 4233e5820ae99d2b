// The arguments of a call as the key of a dict.
// Floor: bindings.
#pragma once

#include "absl/container/inlined_vector.h"
#include "bindings/python.h"

namespace toolvitals {

// Parts and their hash, which user code computes once. One that is made by ArgumentsKey borrows its parts and lies on
// the stack; those in dicts own theirs, behind the object.
struct CacheKeyObject {
  PyObject_VAR_HEAD  // the number of parts
      Py_hash_t hash;
  bool owns;
  PyObject* const* parts;
};

extern PyTypeObject cache_key_type;

// The parts that functools.lru_cache takes: positions, then a mark and keywords in the order given, then the types of
// all where they are to differ. A single str or int is kept apart from what equals it, as it is there. Good for looking
// an entry up while the call lasts; nobody may keep a reference.
class ArgumentsKey {
 public:
  // `keywords` is a tuple of names whose values come behind the positions, or nullptr.
  ArgumentsKey(PyObject* const* args, Py_ssize_t count, PyObject* keywords, bool typed);
  // A tuple and a dict.
  ArgumentsKey(PyObject* args, PyObject* keywords, bool typed);

  // False with an exception where an argument cannot be hashed.
  bool Hash();

  PyObject* get() { return reinterpret_cast<PyObject*>(&object_); }

 private:
  void AddTypes(PyObject* const* values, Py_ssize_t count);
  void Use(PyObject* const* parts, Py_ssize_t count);

  absl::InlinedVector<PyObject*, 16> parts_;
  CacheKeyObject object_;
};

// A key that owns its parts, equal to one of either kind. A new reference, or nullptr with an exception.
PyObject* OwnedKey(PyObject* key);

inline bool IsCacheKey(PyObject* object) { return Py_IS_TYPE(object, &cache_key_type); }

bool AddCacheKeyType(PyObject* module);

}  // namespace toolvitals
