// Memory of objects that are made and freed with every call, kept for the next one.
// Floor: bindings.
#pragma once

#include <array>
#include <cstddef>

#include "bindings/python.h"

namespace toolvitals {

// Of objects that the garbage collector knows, all of one size. Guarded by the GIL: where there is none, every object
// is allocated. Holds at most kMax pieces, which stay for the life of the process.
template <typename Object, size_t kMax>
class FreeList {
 public:
  // A new object of a static type that is not tracked yet, or nullptr with an exception.
  Object* Take(PyTypeObject* type) {
#ifndef Py_GIL_DISABLED
    if (count_ > 0) [[likely]] {
      Object* object = kept_[--count_];
      Py_SET_TYPE(reinterpret_cast<PyObject*>(object), type);
      _Py_NewReference(reinterpret_cast<PyObject*>(object));
      return object;
    }
#endif
    return PyObject_GC_New(Object, type);
  }

  // Takes the memory of an object back, which is not tracked any more.
  void Give(Object* object) {
#ifndef Py_GIL_DISABLED
    if (count_ < kMax) [[likely]] {
      kept_[count_++] = object;
      return;
    }
#endif
    PyObject_GC_Del(object);
  }

 private:
#ifndef Py_GIL_DISABLED
  std::array<Object*, kMax> kept_ = {};
  size_t count_ = 0;
#endif
};

}  // namespace toolvitals
