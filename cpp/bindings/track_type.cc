// Track, for `with` and `async with`.
// Floor: bindings.
#include "bindings/track_type.h"

#include <optional>
#include <string_view>

#include "bindings/arguments.h"
#include "bindings/call.h"
#include "bindings/guard.h"
#include "bindings/tool_type.h"

namespace toolvitals {
namespace {

struct TrackObject {
  PyObject_HEAD
  PyObject* tool;  // a ToolMetricsObject
  RunningCall call;
  bool failed;
  HistogramCell* error;  // where fail() said the call belongs
};

// What `async with` awaits: something that is there already.
struct ReadyObject {
  PyObject_HEAD
  PyObject* value;  // nullptr once it was taken
};

PyTypeObject track_type = BlankType(
    "toolvitals.Track", sizeof(TrackObject),
    "One call of a tool, as a context manager for `with` and `async with`. Made by toolvitals.track().\n\n"
    "An Exception that leaves the block counts the call as failed, any other BaseException as cancelled. An object\n"
    "may be used again, one call at a time.");
PyTypeObject ready_type = BlankType("toolvitals._Ready", sizeof(ReadyObject), "An awaitable that is done.");
PyAsyncMethods ready_async;

TrackObject* Self(PyObject* self) { return reinterpret_cast<TrackObject*>(self); }

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* tool = nullptr;
  static const char* names[] = {"tool", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "O!:Track", const_cast<char**>(names), &tool_metrics_type, &tool)) {
    return nullptr;
  }
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  Self(self)->tool = Py_NewRef(tool);
  new (&Self(self)->call) RunningCall;
  return self;
}

void Dealloc(PyObject* self) {
  TrackObject* track = Self(self);
  // A block that was entered and whose frame vanished: an abandoned generator's, say.
  if (track->call.running()) track->call.Cancel();
  Py_XDECREF(track->tool);
  Py_TYPE(self)->tp_free(self);
}

PyObject* Enter(PyObject* self, PyObject*) {
  TrackObject* track = Self(self);
  if (track->call.running()) {
    PyErr_SetString(PyExc_RuntimeError, "this Track is already running; make one for each call");
    return nullptr;
  }
  track->failed = false;
  track->call.Begin(reinterpret_cast<ToolMetricsObject*>(track->tool));
  return Py_NewRef(self);
}

void End(TrackObject* track, PyObject* exception_type) {
  if (!track->call.running()) return;
  auto* tool = reinterpret_cast<ToolMetricsObject*>(track->tool);
  if (exception_type == Py_None) {
    if (!track->failed) {
      track->call.Succeed();
    } else {
      track->call.Fail(*track->error);
    }
  } else if (PyErr_GivenExceptionMatches(exception_type, PyExc_Exception)) {
    track->call.Fail(ErrorCellOf(tool, exception_type));
  } else {
    track->call.Cancel();
  }
}

PyObject* Exit(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  if (count < 1) {
    PyErr_SetString(PyExc_TypeError, "__exit__() takes the exception's type, value and traceback");
    return nullptr;
  }
  End(Self(self), args[0]);
  Py_RETURN_FALSE;
}

PyObject* Ready(PyObject* value) {
  if (value == nullptr) return nullptr;
  auto* ready = PyObject_New(ReadyObject, &ready_type);
  if (ready == nullptr) {
    Py_DECREF(value);
    return nullptr;
  }
  ready->value = value;
  return reinterpret_cast<PyObject*>(ready);
}

PyObject* AsyncEnter(PyObject* self, PyObject*) { return Ready(Enter(self, nullptr)); }

PyObject* AsyncExit(PyObject* self, PyObject* const* args, Py_ssize_t count) { return Ready(Exit(self, args, count)); }

PyObject* Fail(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  TrackObject* track = Self(self);
  auto* tool = reinterpret_cast<ToolMetricsObject*>(track->tool);
  std::optional<std::string_view> text;
  PyObject* error_type = count > 0 ? args[0] : Py_None;
  if (const Converted got = ToErrorType(error_type, &text); got == Converted::kRaised) return nullptr;
  track->failed = true;
  track->error = text.has_value() ? &ErrorCellOf(tool, error_type, *text) : &tool->tool->outcome(Outcome::kError);
  Py_RETURN_NONE;
}

PySendResult ReadySend(PyObject* self, PyObject*, PyObject** result) {
  auto* ready = reinterpret_cast<ReadyObject*>(self);
  if (ready->value == nullptr) {
    PyErr_SetString(PyExc_RuntimeError, "cannot reuse an awaited __aenter__() or __aexit__()");
    *result = nullptr;
    return PYGEN_ERROR;
  }
  *result = ready->value;
  ready->value = nullptr;
  return PYGEN_RETURN;
}

PyObject* ReadyNext(PyObject* self) {
  PyObject* value = nullptr;
  if (ReadySend(self, Py_None, &value) == PYGEN_RETURN && value != Py_None) {
    // Only Track and False are ever in here, which StopIteration takes as they are.
    PyErr_SetObject(PyExc_StopIteration, value);
  }
  Py_XDECREF(value);
  return nullptr;
}

void ReadyDealloc(PyObject* self) {
  Py_XDECREF(reinterpret_cast<ReadyObject*>(self)->value);
  PyObject_Free(self);
}

PyMethodDef methods[] = {
    {"__enter__", Guarded<&Enter>, METH_NOARGS, "Begins the call."},
    {"__exit__", AsMethod(Guarded<&Exit>), METH_FASTCALL, "Ends the call; lets every exception pass."},
    {"__aenter__", Guarded<&AsyncEnter>, METH_NOARGS, "Begins the call."},
    {"__aexit__", AsMethod(Guarded<&AsyncExit>), METH_FASTCALL, "Ends the call; lets every exception pass."},
    {"fail", AsMethod(Guarded<&Fail>), METH_FASTCALL,
     "fail($self, error_type=None, /)\n--\n\n"
     "Counts the call as failed with that type of error, should it end without an exception."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool AddTrackType(PyObject* module) {
  ready_async.am_await = [](PyObject* self) { return Py_NewRef(self); };
  ready_async.am_send = Guarded<&ReadySend>;
  ready_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
  ready_type.tp_as_async = &ready_async;
  ready_type.tp_iter = [](PyObject* self) { return Py_NewRef(self); };
  ready_type.tp_iternext = Guarded<&ReadyNext>;
  ready_type.tp_dealloc = &ReadyDealloc;
  if (PyType_Ready(&ready_type) != 0) return false;
  track_type.tp_new = Guarded<&New>;
  track_type.tp_dealloc = &Dealloc;
  track_type.tp_methods = methods;
  return PyModule_AddType(module, &track_type) == 0;
}

}  // namespace toolvitals
