// What of a mapping is an attribute, by hand: nothing that a value does may stop a record.
// Floor: bindings.
#include "bindings/attribute_values.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace toolvitals {
namespace {

// Clears what a conversion raised; false for an exception that passes through (KeyboardInterrupt, SystemExit).
bool SwallowError() {
  if (PyErr_Occurred() != nullptr && !PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

std::optional<std::string> ToText(PyObject* object) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &size) : nullptr;
  if (text != nullptr) return std::string(text, static_cast<size_t>(size));
  PyErr_Clear();
  return std::nullopt;
}

std::optional<int64_t> ToInteger(PyObject* object) {
  int overflow = 0;
  const long long value = PyLong_AsLongLongAndOverflow(object, &overflow);
  if (overflow != 0) return std::nullopt;
  return value;
}

// A string, a bool, an int that fits or a float; types that derive from these count as these.
std::optional<AttributeValue> ToScalar(PyObject* object) {
  if (PyBool_Check(object)) return AttributeValue(object == Py_True);
  if (PyLong_Check(object)) {
    const std::optional<int64_t> value = ToInteger(object);
    return value.has_value() ? std::optional(AttributeValue(*value)) : std::nullopt;
  }
  if (PyFloat_Check(object)) return AttributeValue(PyFloat_AS_DOUBLE(object));
  std::optional<std::string> text = ToText(object);
  return text.has_value() ? std::optional(AttributeValue(*std::move(text))) : std::nullopt;
}

// An array of values of one type; an empty one is of strings.
template <typename T>
std::optional<AttributeValue> ToArray(PyObject* const* items, Py_ssize_t size) {
  std::vector<T> values;
  for (Py_ssize_t i = 0; i < size; ++i) {
    std::optional<AttributeValue> value = ToScalar(items[i]);
    if (!value.has_value() || !std::holds_alternative<T>(*value)) return std::nullopt;
    values.push_back(std::get<T>(*std::move(value)));
  }
  return AttributeValue(std::move(values));
}

std::optional<AttributeValue> ToValue(PyObject* object) {
  if (!PyList_Check(object) && !PyTuple_Check(object)) return ToScalar(object);
  // Not of a list that somebody else changes meanwhile.
  const OwnedRef tuple(PySequence_Tuple(object));
  if (!tuple) return std::nullopt;
  const Py_ssize_t size = PyTuple_GET_SIZE(tuple.get());
  if (size == 0) return AttributeValue(std::vector<std::string>());
  PyObject* const* items = &PyTuple_GET_ITEM(tuple.get(), 0);
  const std::optional<AttributeValue> first = ToScalar(items[0]);
  if (!first.has_value()) return std::nullopt;
  if (std::holds_alternative<bool>(*first)) return ToArray<bool>(items, size);
  if (std::holds_alternative<int64_t>(*first)) return ToArray<int64_t>(items, size);
  if (std::holds_alternative<double>(*first)) return ToArray<double>(items, size);
  return ToArray<std::string>(items, size);
}

bool IsPlain(PyObject* key, PyObject* value) {
  return PyUnicode_CheckExact(key) &&
         (PyUnicode_CheckExact(value) || PyBool_Check(value) || PyLong_CheckExact(value) || PyFloat_CheckExact(value));
}

// Takes one pair; false with an exception that is not ours to swallow.
bool Take(PyObject* key, PyObject* value, FoundAttributes& found) {
  std::optional<std::string> name = ToText(key);
  std::optional<AttributeValue> typed = ToValue(value);
  if (!SwallowError()) return false;
  found.is_plain = found.is_plain && IsPlain(key, value);
  if (!name.has_value() || name->empty() || name->size() > kMaxNameBytes || !typed.has_value() ||
      found.attributes.size() == kMaxLabels) {
    if (found.dropped == nullptr) found.dropped = key;
    return true;
  }
  found.attributes.push_back({*std::move(name), *std::move(typed)});
  return true;
}

// The pairs of a mapping that is no dict: a new list, or nullptr where it has none to give.
OwnedRef ItemsOf(PyObject* mapping) {
  OwnedRef items(PyMapping_Check(mapping) != 0 ? PyMapping_Items(mapping) : nullptr);
  return items;
}

// By key; of two that are one as texts (a subclass of str may make it so) the last holds.
void Sort(Attributes& attributes) {
  std::stable_sort(attributes.begin(), attributes.end(),
                   [](const Attribute& a, const Attribute& b) { return a.key < b.key; });
  Attributes unique;
  for (Attribute& attribute : attributes) {
    if (!unique.empty() && unique.back().key == attribute.key) {
      unique.back() = std::move(attribute);
    } else {
      unique.push_back(std::move(attribute));
    }
  }
  attributes = std::move(unique);
}

PyObject* ValueToPython(const std::string& value, PyObject*) { return ToPython(value); }
PyObject* ValueToPython(bool value, PyObject*) { return PyBool_FromLong(value); }
PyObject* ValueToPython(int64_t value, PyObject*) { return PyLong_FromLongLong(value); }
PyObject* ValueToPython(double value, PyObject* nan) {
  return nan != nullptr && std::isnan(value) ? Py_NewRef(nan) : PyFloat_FromDouble(value);
}

template <typename T>
PyObject* ValueToPython(const std::vector<T>& values, PyObject* nan) {
  OwnedRef tuple(PyTuple_New(static_cast<Py_ssize_t>(values.size())));
  for (size_t i = 0; tuple && i < values.size(); ++i) {
    PyObject* item = ValueToPython(static_cast<const T&>(values[i]), nan);
    if (item == nullptr) return nullptr;
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), item);
  }
  return tuple.release();
}

}  // namespace

bool ToAttributes(PyObject* mapping, FoundAttributes& found) {
  if (mapping == Py_None) {
    found.is_plain = false;
    return true;
  }
  // A copy, since what converts a value may run anything, also what changes the dict.
  found.owner = PyDict_CheckExact(mapping) ? OwnedRef(PyDict_Copy(mapping)) : ItemsOf(mapping);
  if (!found.owner) {
    found.is_plain = false;
    found.dropped = mapping;
    return SwallowError();
  }
  if (PyDict_CheckExact(mapping)) {
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    for (Py_ssize_t at = 0; PyDict_Next(found.owner.get(), &at, &key, &value);) {
      if (!Take(key, value, found)) return false;
    }
  } else {
    found.is_plain = false;
    for (Py_ssize_t i = 0; PyList_Check(found.owner.get()) && i < PyList_GET_SIZE(found.owner.get()); ++i) {
      PyObject* pair = PyList_GET_ITEM(found.owner.get(), i);
      const bool is_pair = PyTuple_Check(pair) && PyTuple_GET_SIZE(pair) == 2;
      if (!is_pair) {
        found.dropped = pair;
      } else if (!Take(PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1), found)) {
        return false;
      }
    }
  }
  Sort(found.attributes);
  return true;
}

bool SetAttributes(PyObject* dict, const Attributes& attributes, PyObject* nan) {
  for (const Attribute& attribute : attributes) {
    const OwnedRef key(ToPython(attribute.key));
    const OwnedRef value(std::visit([&](const auto& typed) { return ValueToPython(typed, nan); }, attribute.value));
    if (!key || !value || PyDict_SetItem(dict, key.get(), value.get()) != 0) return false;
  }
  return true;
}

PyObject* AttributesToPython(const Attributes& attributes) {
  OwnedRef dict(PyDict_New());
  return dict && SetAttributes(dict.get(), attributes, nullptr) ? dict.release() : nullptr;
}

}  // namespace toolvitals
