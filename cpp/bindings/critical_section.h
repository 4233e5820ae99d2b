// Holding an object for a scope, as the GIL does where there is one.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Where there is no GIL, one thread at a time is in a section of the object. As with the GIL, another one may come in
// while this one waits for something in the interpreter, so what is read before Python code runs is read again after
// it. Where there is a GIL this is nothing.
class CriticalSection {
 public:
#ifdef Py_GIL_DISABLED
  explicit CriticalSection(PyObject* object) { PyCriticalSection_Begin(&section_, object); }
  ~CriticalSection() { PyCriticalSection_End(&section_); }
#else
  explicit CriticalSection(PyObject*) {}
  ~CriticalSection() {}
#endif
  CriticalSection(const CriticalSection&) = delete;
  CriticalSection& operator=(const CriticalSection&) = delete;

 private:
#ifdef Py_GIL_DISABLED
  PyCriticalSection section_;
#endif
};

// The same of two objects at once.
class CriticalSectionOfTwo {
 public:
#ifdef Py_GIL_DISABLED
  CriticalSectionOfTwo(PyObject* a, PyObject* b) { PyCriticalSection2_Begin(&section_, a, b); }
  ~CriticalSectionOfTwo() { PyCriticalSection2_End(&section_); }
#else
  CriticalSectionOfTwo(PyObject*, PyObject*) {}
  ~CriticalSectionOfTwo() {}
#endif
  CriticalSectionOfTwo(const CriticalSectionOfTwo&) = delete;
  CriticalSectionOfTwo& operator=(const CriticalSectionOfTwo&) = delete;

 private:
#ifdef Py_GIL_DISABLED
  PyCriticalSection2 section_;
#endif
};

}  // namespace toolvitals
