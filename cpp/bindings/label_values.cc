// Turning a call's positional and keyword arguments into label values. Floor: bindings.
#include "bindings/label_values.h"

namespace toolvitals {

bool IsLabelledParent(InstrumentObject* self) {
  if (self->family == nullptr) {
    PyErr_SetString(PyExc_ValueError, "the metric was not defined: its __init__ has not run");
    return false;
  }
  if (self->label_values != nullptr) {
    PyErr_Format(PyExc_ValueError, "%.200s already has labels set (%R); can not chain calls to .labels()",
                 self->family->definition().name.c_str(), self->label_values);
    return false;
  }
  if (self->family->definition().label_names.empty()) {
    PyErr_Format(PyExc_ValueError, "No label names were set when constructing %.200s",
                 self->family->definition().name.c_str());
    return false;
  }
  return true;
}

OwnedRef OrderedValues(InstrumentObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  const std::vector<std::string>& names = self->family->definition().label_names;
  const auto size = static_cast<Py_ssize_t>(names.size());
  const Py_ssize_t keyword_count = keywords == nullptr ? 0 : PyTuple_GET_SIZE(keywords);
  if (count != 0 && keyword_count != 0) {
    PyErr_SetString(PyExc_ValueError, "Can't pass both *args and **kwargs");
    return OwnedRef();
  }
  OwnedRef values(PyTuple_New(size));
  if (!values) return values;
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject* value = i < count ? args[i] : nullptr;
    for (Py_ssize_t k = 0; value == nullptr && k < keyword_count; ++k) {
      Py_ssize_t length = 0;
      const char* keyword = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(keywords, k), &length);
      if (keyword == nullptr) return OwnedRef();
      if (std::string_view(keyword, static_cast<size_t>(length)) == names[static_cast<size_t>(i)]) {
        value = args[count + k];
      }
    }
    if (value == nullptr || (keyword_count == 0 && count != size) || (keyword_count != 0 && keyword_count != size)) {
      PyErr_SetString(PyExc_ValueError, keyword_count != 0 ? "Incorrect label names" : "Incorrect label count");
      return OwnedRef();
    }
    // An exact str, so that nothing that derives from it can change its mind about being equal.
    PyObject* text = PyObject_Str(value);
    if (text != nullptr && !PyUnicode_CheckExact(text)) {
      PyObject* exact = PyUnicode_FromObject(text);
      Py_SETREF(text, exact);
    }
    if (text == nullptr) return OwnedRef();
    PyTuple_SET_ITEM(values.get(), i, text);
  }
  if (count > size) {
    PyErr_SetString(PyExc_ValueError, "Incorrect label count");
    return OwnedRef();
  }
  return values;
}

std::optional<std::vector<std::string_view>> Texts(PyObject* tuple) {
  std::vector<std::string_view> texts;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); ++i) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(PyTuple_GET_ITEM(tuple, i), &size);
    if (text == nullptr) {
      PyErr_Clear();
      return std::nullopt;
    }
    texts.emplace_back(text, static_cast<size_t>(size));
  }
  return texts;
}

}  // namespace toolvitals
