// The classes of toolvitals.snapshot._values, and how plain values become objects.
// Floor: bindings. With the GIL.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/python.h"
#include "bindings/slotted_type.h"
#include "model/family_snapshot.h"

namespace toolvitals {

struct ValueTypes {
  PyTypeObject* frozen_dict = nullptr;
  PyObject* nan = nullptr;  // math.nan: a value that is not equal to itself is at least identical
  SlottedType exemplar, native_histogram, histogram, summary, states, series, family;
  SlottedType window, tool, cache, process, gc, python;
  SlottedType collector, refused_label, overflow, limits, own;
};

// Loaded when they are first asked for; nullptr with an exception set.
const ValueTypes* FindValueTypes();

// Each returns a new reference, or nullptr with an exception set.
PyObject* NewFloat(const ValueTypes& types, double value);
PyObject* NewFloatOrNone(double value);  // None for NaN
inline PyObject* NewUnsigned(uint64_t value) { return PyLong_FromUnsignedLongLong(value); }
PyObject* NewUnsignedOrNone(uint64_t value);  // None for zero
PyObject* NewNumber(const ValueTypes& types, Number value);
PyObject* NewSeconds(int64_t micros);  // None for zero
PyObject* NewFrozenDict(const ValueTypes& types);
PyObject* NewCounts(const ValueTypes& types, std::span<const std::pair<std::string, uint64_t>> counts);
PyObject* NewTuple(std::span<const double> values);
PyObject* NewTuple(std::span<const uint64_t> values);
// Takes the references over; nullptr where one of them is nullptr.
PyObject* NewTuple(std::vector<PyObject*>& values);

// Takes the references over. False with an exception set where one of them is nullptr.
bool SetItem(PyObject* dict, PyObject* key, PyObject* value);

}  // namespace toolvitals
