// Finding the slots of a dataclass, and filling them.
// Floor: bindings.
#include "bindings/slotted_type.h"

#include <structmember.h>

#include <algorithm>

namespace toolvitals {

bool SlottedType::Find(PyObject* module, const char* name, std::initializer_list<const char*> fields) {
  OwnedRef type(PyObject_GetAttrString(module, name));
  if (!type) return false;
  for (const char* field : fields) {
    const OwnedRef slot(PyObject_GetAttrString(type.get(), field));
    if (!slot) return false;
    if (!PyObject_TypeCheck(slot.get(), &PyMemberDescr_Type)) {
      PyErr_Format(PyExc_TypeError, "%s.%s is no slot", name, field);
      return false;
    }
    offsets_.push_back(reinterpret_cast<PyMemberDescrObject*>(slot.get())->d_member->offset);
  }
  type_ = reinterpret_cast<PyTypeObject*>(type.release());
  return true;
}

PyObject* SlottedType::New(std::initializer_list<PyObject*> values) const {
  const bool whole = std::none_of(values.begin(), values.end(), [](PyObject* value) { return value == nullptr; });
  PyObject* const made = whole ? type_->tp_alloc(type_, 0) : nullptr;
  if (made == nullptr) {
    for (PyObject* value : values) Py_XDECREF(value);
    return nullptr;
  }
  size_t field = 0;
  for (PyObject* value : values) {
    *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(made) + offsets_[field++]) = value;
  }
  return made;
}

}  // namespace toolvitals
