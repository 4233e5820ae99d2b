// The conversions off the fast path, and every way in which they can fail.
// Floor: bindings.
#include "bindings/arguments.h"

#include <cmath>

#include "base/limits.h"
#include "bindings/drops.h"
#include "registry/names.h"

namespace toolvitals {
namespace {

Converted AfterDrop(PyObject* result) {
  if (result == nullptr) return Converted::kRaised;
  Py_DECREF(result);
  return Converted::kDropped;
}

// Clears an exception that a conversion raised, unless it is not ours to swallow.
bool ClearOrdinaryException() {
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

// What is wrong with the name, or nullopt and the name.
std::optional<DropReason> CheckNameObject(PyObject* object, std::string_view* name) {
  if (!PyUnicode_Check(object)) return DropReason::kNameType;
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(object, &size);
  if (text == nullptr) {
    const bool is_text = PyErr_ExceptionMatches(PyExc_MemoryError) != 0;
    PyErr_Clear();
    return is_text ? DropReason::kMemory : DropReason::kNameEncoding;
  }
  *name = std::string_view(text, static_cast<size_t>(size));
  return CheckName(*name);
}

struct Complaint {
  PyObject* type;
  const char* message;
};

Complaint ComplaintOf(DropReason reason) {
  switch (reason) {
    case DropReason::kNameType:
      return {PyExc_TypeError, "a name must be a str, not %R"};
    case DropReason::kNameEmpty:
      return {PyExc_ValueError, "a name must have 1 to 256 bytes of UTF-8, not %R"};
    case DropReason::kNameTooLong:
      return {PyExc_ValueError, "a name must have 1 to 256 bytes of UTF-8, not more: %.300R"};
    case DropReason::kMemory:
      return {PyExc_MemoryError, "no memory is left for the name %.300R"};
    default:
      return {PyExc_ValueError, "a name must be text that UTF-8 can encode, without NUL: %A"};
  }
}

}  // namespace

Converted SlowLatency(PyObject* object, double* latency_ms) {
  const double value = PyFloat_AsDouble(object);
  if (value == -1.0 && PyErr_Occurred() != nullptr) {
    const bool too_large = PyErr_ExceptionMatches(PyExc_OverflowError);
    if (!ClearOrdinaryException()) return Converted::kRaised;
    if (too_large) {
      return AfterDrop(Drop(DropReason::kLatencyInfinite, PyExc_ValueError, "latency_ms must fit into a float"));
    }
    return AfterDrop(Drop(DropReason::kLatencyType, PyExc_TypeError, "latency_ms must be a real number, not %.200s",
                          Py_TYPE(object)->tp_name));
  }
  if (std::isnan(value)) {
    return AfterDrop(Drop(DropReason::kLatencyNan, PyExc_ValueError, "latency_ms must be a number, not nan"));
  }
  if (value < 0) {
    return AfterDrop(Drop(DropReason::kLatencyNegative, PyExc_ValueError, "latency_ms must not be negative"));
  }
  if (std::isinf(value)) {
    return AfterDrop(Drop(DropReason::kLatencyInfinite, PyExc_ValueError, "latency_ms must be finite"));
  }
  *latency_ms = value + 0.0;  // a negative zero becomes a positive one
  return Converted::kValue;
}

Converted ToName(PyObject* object, std::string_view* name) {
  const std::optional<DropReason> reason = CheckNameObject(object, name);
  if (!reason.has_value()) return Converted::kValue;
  const Complaint complaint = ComplaintOf(*reason);
  return AfterDrop(Drop(*reason, complaint.type, complaint.message, object));
}

bool ToNameOrRaise(PyObject* object, std::string_view* name) {
  const std::optional<DropReason> reason = CheckNameObject(object, name);
  if (!reason.has_value()) return true;
  const Complaint complaint = ComplaintOf(*reason);
  PyErr_Format(complaint.type, complaint.message, object);
  return false;
}

Converted ToErrorType(PyObject* object, std::optional<std::string_view>* error_type) {
  if (object == nullptr || object == Py_None) return Converted::kValue;
  std::string_view text;
  const std::optional<DropReason> reason = CheckNameObject(object, &text);
  if (reason == DropReason::kNameEmpty) return Converted::kValue;
  if (reason.has_value()) {
    return AfterDrop(Drop(DropReason::kErrorType, *reason == DropReason::kNameType ? PyExc_TypeError : PyExc_ValueError,
                          "error_type must be None or a str of at most 256 bytes of UTF-8, not %.300A", object));
  }
  *error_type = text;
  return Converted::kValue;
}

Converted ToBool(PyObject* object, bool* value) {
  const int truth = PyObject_IsTrue(object);
  if (truth < 0) {
    if (!ClearOrdinaryException()) return Converted::kRaised;
    return AfterDrop(Drop(DropReason::kArguments, PyExc_TypeError, "success must be a bool"));
  }
  *value = truth != 0;
  return Converted::kValue;
}

}  // namespace toolvitals
