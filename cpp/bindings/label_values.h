// Label values, from whatever a program gives for them.
// Floor: bindings.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "bindings/instrument_type.h"

namespace toolvitals {

// Whatever may be asked of a parent with labels; false with an exception.
bool IsLabelledParent(InstrumentObject* self);

// As a new tuple of str, in the order of the names, from whatever labels() was given; empty with an exception.
OwnedRef OrderedValues(InstrumentObject* self, PyObject* const* args, Py_ssize_t count, PyObject* keywords);

// The UTF-8 of each str of a tuple; nullopt for what cannot be a label value, which is none that exists.
std::optional<std::vector<std::string_view>> Texts(PyObject* tuple);

}  // namespace toolvitals
