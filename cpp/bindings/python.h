// CPython's API as the bindings use it: versions evened out, ownership by scope.
// Floor: bindings.
#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string_view>

#include "base/word.h"

namespace toolvitals {

// Every record that comes from Python is made under the GIL, if there is one. Nothing else writes these cells.
#ifdef Py_GIL_DISABLED
inline constexpr Writers kPythonWriters = Writers::kConcurrent;
#else
inline constexpr Writers kPythonWriters = Writers::kSerialized;
#endif

// A reference that is owned by a scope.
class OwnedRef {
 public:
  OwnedRef() = default;
  explicit OwnedRef(PyObject* owned) : object_(owned) {}
  OwnedRef(OwnedRef&& other) noexcept : object_(other.release()) {}
  OwnedRef& operator=(OwnedRef&& other) noexcept {
    PyObject* before = object_;
    object_ = other.release();
    Py_XDECREF(before);
    return *this;
  }
  OwnedRef(const OwnedRef&) = delete;
  OwnedRef& operator=(const OwnedRef&) = delete;
  ~OwnedRef() { Py_XDECREF(object_); }

  PyObject* get() const { return object_; }
  PyObject* release() {
    PyObject* object = object_;
    object_ = nullptr;
    return object;
  }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  PyObject* object_ = nullptr;
};

// Puts the exception that is being raised aside for a scope, so that what happens in between cannot replace it.
class ExceptionAside {
 public:
  ExceptionAside() {
#if PY_VERSION_HEX >= 0x030C0000
    exception_ = PyErr_GetRaisedException();
#else
    PyErr_Fetch(&type_, &exception_, &traceback_);
#endif
  }
  ~ExceptionAside() {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(exception_);
#else
    PyErr_Restore(type_, exception_, traceback_);
#endif
  }
  ExceptionAside(const ExceptionAside&) = delete;
  ExceptionAside& operator=(const ExceptionAside&) = delete;

 private:
  PyObject* exception_ = nullptr;
#if PY_VERSION_HEX < 0x030C0000
  PyObject* type_ = nullptr;
  PyObject* traceback_ = nullptr;
#endif
};

// A static type with nothing filled in but its name and size. Static types live for ever, which is what types of
// objects that any thread may still hold at exit must do.
inline PyTypeObject BlankType(const char* name, size_t size, const char* doc) {
  PyTypeObject type{};
#if PY_VERSION_HEX < 0x030C0000 || !defined(Py_GIL_DISABLED)
  Py_SET_REFCNT(reinterpret_cast<PyObject*>(&type), 1);
#endif
  type.tp_name = name;
  type.tp_basicsize = static_cast<Py_ssize_t>(size);
  type.tp_flags = Py_TPFLAGS_DEFAULT;
  type.tp_doc = doc;
  return type;
}

// Counting references to an object that every thread uses costs more than the atomics of a record where there is no
// GIL (docs/decisions/0003); such objects are made immortal there.
inline void MakeImmortal([[maybe_unused]] PyObject* object) {
#ifdef Py_GIL_DISABLED
  object->ob_tid = 0;
  object->ob_ref_local = _Py_IMMORTAL_REFCNT_LOCAL;
  object->ob_ref_shared = 0;
#endif
}

// Whether the interpreter is taking everything apart, since the program has ended.
inline bool IsFinalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

template <typename Function>
PyCFunction AsMethod(Function* function) {
  return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

inline PyObject* ToPython(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace");
}

}  // namespace toolvitals
