// A dataclass with slots, whose objects are made by filling the slots instead of calling it.
// Floor: bindings.
#pragma once

#include <initializer_list>
#include <vector>

#include "bindings/python.h"

namespace toolvitals {

class SlottedType {
 public:
  // The class of that name in a module, and where each of its fields lies. False with an exception set, also where the
  // class has not these fields.
  bool Find(PyObject* module, const char* name, std::initializer_list<const char*> fields);

  // A new object with a value for each field, in the order of Find(). Takes the references over. nullptr with an
  // exception set where one of them is nullptr.
  PyObject* New(std::initializer_list<PyObject*> values) const;

  // A borrowed reference to a field of an object that New() made.
  PyObject* Get(PyObject* object, size_t field) const {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(object) + offsets_[field]);
  }

 private:
  PyTypeObject* type_ = nullptr;  // held for ever
  std::vector<Py_ssize_t> offsets_;
};

}  // namespace toolvitals
