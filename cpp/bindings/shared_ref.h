// A reference of the process's own that any thread may replace, such as that to a program's logger.
// Floor: bindings.
#pragma once

#include <utility>

#include "bindings/python.h"

namespace toolvitals {

// What one thread has taken out stays alive while another puts something else in its place. Never let go at the end of
// the process, when there is no interpreter any more.
class SharedRef {
 public:
  constexpr SharedRef() = default;
  SharedRef(const SharedRef&) = delete;
  SharedRef& operator=(const SharedRef&) = delete;

  // A reference of the caller's own; none where nothing is there.
  OwnedRef Get() const {
    const Lock lock(*this);
    return OwnedRef(Py_XNewRef(object_));
  }

  // Takes a reference of its own; None and nullptr leave nothing there. What was there is let go of, which may run
  // Python code.
  void Set(PyObject* object) {
    object = object == Py_None ? nullptr : Py_XNewRef(object);
    PyObject* before = nullptr;
    {
      const Lock lock(*this);
      before = std::exchange(object_, object);
    }
    Py_XDECREF(before);
  }

 private:
#ifdef Py_GIL_DISABLED
  struct Lock {
    explicit Lock(const SharedRef& held) : mutex(held.mutex_) { PyMutex_Lock(&mutex); }
    ~Lock() { PyMutex_Unlock(&mutex); }
    PyMutex& mutex;
  };
  mutable PyMutex mutex_ = {};
#else
  struct Lock {
    explicit Lock(const SharedRef&) {}
    ~Lock() {}
  };
#endif
  PyObject* object_ = nullptr;
};

}  // namespace toolvitals
