// From Python's arguments to the core's values, by hand: a binding library's casters raise where a record must not.
// Floor: bindings.
#pragma once

#include <array>
#include <cfloat>
#include <cstddef>
#include <optional>
#include <string_view>

#include "bindings/python.h"

namespace toolvitals {

// Makes the strings that PlaceArguments() compares with; false with an exception set.
template <size_t N>
bool InternAll(const char* const (&texts)[N], std::array<PyObject*, N>& names) {
  for (size_t i = 0; i < N; ++i) {
    names[i] = PyUnicode_InternFromString(texts[i]);
    if (names[i] == nullptr) return false;
  }
  return true;
}

// Sorts the arguments of a vectorcall into places by position and by name; absent ones stay nullptr. False for too
// many, unknown or repeated ones; no exception is set.
template <size_t N>
bool PlaceArguments(const std::array<PyObject*, N>& names, PyObject* const* args, Py_ssize_t count, PyObject* keywords,
                    std::array<PyObject*, N>& places) {
  if (count > static_cast<Py_ssize_t>(N)) return false;
  for (Py_ssize_t i = 0; i < count; ++i) places[static_cast<size_t>(i)] = args[i];
  if (keywords == nullptr) return true;
  const Py_ssize_t keyword_count = PyTuple_GET_SIZE(keywords);
  size_t expected = static_cast<size_t>(count);
  for (Py_ssize_t i = 0; i < keyword_count; ++i) {
    PyObject* keyword = PyTuple_GET_ITEM(keywords, i);
    // Keywords of a call in source code are interned, and so are ours; most callers write them in order.
    size_t place = expected++;
    if (place >= N || names[place] != keyword) [[unlikely]] {
      for (place = 0; place < N && names[place] != keyword; ++place) {
      }
    }
    if (place == N) [[unlikely]] {
      for (place = 0; place < N && PyUnicode_Compare(names[place], keyword) != 0; ++place) {
      }
    }
    if (place == N || places[place] != nullptr) return false;
    places[place] = args[count + i];
  }
  return true;
}

// What a conversion came to.
enum class Converted {
  kValue,    // the value is there
  kDropped,  // the record was dropped and counted; return None
  kRaised,   // an exception is set; return nullptr
};

// The return value of a record that was not made.
inline PyObject* NotRecorded(Converted converted) {
  if (converted == Converted::kRaised) return nullptr;
  Py_RETURN_NONE;
}

// A latency in milliseconds: any real number, finite and not negative.
Converted SlowLatency(PyObject* object, double* latency_ms);
inline Converted ToLatency(PyObject* object, double* latency_ms) {
  if (PyFloat_CheckExact(object)) [[likely]] {
    const double value = PyFloat_AS_DOUBLE(object);
    if (value >= 0 && value <= DBL_MAX) [[likely]] {
      *latency_ms = value + 0.0;  // a negative zero becomes a positive one
      return Converted::kValue;
    }
  }
  return SlowLatency(object, latency_ms);
}

// The name of a tool or a cache; valid as long as the object lives.
Converted ToName(PyObject* object, std::string_view* name);
// The same for configuration, which raises: false with ValueError or TypeError set.
bool ToNameOrRaise(PyObject* object, std::string_view* name);

// An error type: a string as a name is, or nothing for None and "".
Converted ToErrorType(PyObject* object, std::optional<std::string_view>* error_type);

Converted ToBool(PyObject* object, bool* value);

}  // namespace toolvitals
