// Attributes, from whatever a program gives for them.
// Floor: bindings.
#pragma once

#include "bindings/python.h"
#include "model/attributes.h"

namespace toolvitals {

// Of a mapping or None: what is an attribute, sorted by key. `dropped` is the key of one that is none (borrowed from
// what `owner` holds), nullptr where all are. False with an exception that is not ours to swallow.
struct FoundAttributes {
  Attributes attributes;
  OwnedRef owner;
  PyObject* dropped = nullptr;
  bool is_plain = true;  // a dict of exact str by exact str, bool, int or float
};
bool ToAttributes(PyObject* mapping, FoundAttributes& found);

// As a new dict; arrays are tuples. nullptr with an exception.
PyObject* AttributesToPython(const Attributes& attributes);
// The same into a dict that is there; `nan`, where it is given, stands for each NaN. False with an exception.
bool SetAttributes(PyObject* dict, const Attributes& attributes, PyObject* nan);

}  // namespace toolvitals
