// What runs a decorated callable and records the call: the one object behind every form in which @tool returns one.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// What the wrapped callable is; the numbers are _core.SYNC and so on.
enum class CallableKind : long { kSync = 0, kCoroutine = 1, kGenerator = 2, kAsyncGenerator = 3 };

struct RecorderObject {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* wrapped;
  PyObject* tool;  // a ToolMetricsObject
  CallableKind kind;
};

extern PyTypeObject recorder_type;

inline RecorderObject* Recorder(PyObject* self) { return reinterpret_cast<RecorderObject*>(self); }

// The base of the types that record what they wrap. Fills a new object of `type`, which has to be recorder_type or
// derived from it. A new reference, or nullptr with an exception.
PyObject* MakeRecorder(PyTypeObject* type, PyObject* wrapped, PyObject* tool, CallableKind kind);

// (wrapped, tool, kind), checked. False with an exception.
bool ParseRecorderArguments(PyObject* args, PyObject* keywords, PyObject** wrapped, PyObject** tool,
                            CallableKind* kind);

int TraverseRecorder(PyObject* self, visitproc visit, void* arg);
int ClearRecorder(PyObject* self);

bool AddRecorderType(PyObject* module);

}  // namespace toolvitals
