// From the core's status codes to Python's exceptions.
// Floor: bindings.
#pragma once

#include <pybind11/pybind11.h>

#include <string>

#include "absl/status/status.h"
#include "bindings/python.h"

namespace toolvitals {

// Raises the exception that the status stands for; always returns nullptr. A port or a path in use becomes
// OSError(EADDRINUSE), a refused one PermissionError, a path whose folder is missing FileNotFoundError, or none
// NotADirectoryError.
inline PyObject* RaiseStatus(const absl::Status& status) {
  const auto raise_os_error = [&](int code) {
    const OwnedRef arguments(Py_BuildValue("is", code, std::string(status.message()).c_str()));
    const OwnedRef error(arguments ? PyObject_Call(PyExc_OSError, arguments.get(), nullptr) : nullptr);
    if (error) PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(error.get())), error.get());
  };
  const std::string message(status.message());
  switch (status.code()) {
    case absl::StatusCode::kAlreadyExists:
      raise_os_error(EADDRINUSE);
      break;
    case absl::StatusCode::kPermissionDenied:
      raise_os_error(EACCES);
      break;
    case absl::StatusCode::kNotFound:
      raise_os_error(ENOENT);
      break;
    case absl::StatusCode::kFailedPrecondition:
      raise_os_error(ENOTDIR);
      break;
    case absl::StatusCode::kUnavailable:
      raise_os_error(EADDRNOTAVAIL);
      break;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kResourceExhausted:
      PyErr_SetString(PyExc_ValueError, message.c_str());
      break;
    default:
      PyErr_SetString(PyExc_RuntimeError, message.c_str());
  }
  return nullptr;
}

// For pybind11's side: throws what RaiseStatus() raises, where there is something.
inline void ThrowUnlessOk(const absl::Status& status) {
  if (status.ok()) return;
  RaiseStatus(status);
  throw pybind11::error_already_set();
}

}  // namespace toolvitals
