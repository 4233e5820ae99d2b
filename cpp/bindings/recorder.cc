// Recorder: one call in, one record out, by the kind of what is called.
// Floor: bindings.
#include "bindings/recorder.h"

#include <structmember.h>

#include <cstddef>

#include "bindings/call.h"
#include "bindings/guard.h"
#include "bindings/instrumented_async_generator.h"
#include "bindings/instrumented_coroutine.h"
#include "bindings/instrumented_generator.h"
#include "bindings/recorded_elsewhere.h"
#include "bindings/tool_type.h"
#include "collector/collector.h"

namespace toolvitals {

PyTypeObject recorder_type =
    BlankType("toolvitals.Recorder", sizeof(RecorderObject),
              "Calls what it wraps and records the call; it stands behind what @tool returns.");

namespace {

// PyObject_Vectorcall(), without its checks for what is called as a rule: a function.
inline PyObject* CallWrapped(RecorderObject* me, PyObject* const* args, size_t count, PyObject* keywords) {
  PyObject* wrapped = me->wrapped;
  if (PyFunction_Check(wrapped)) [[likely]] {
    return reinterpret_cast<PyFunctionObject*>(wrapped)->vectorcall(wrapped, args, count, keywords);
  }
  return PyObject_Vectorcall(wrapped, args, count, keywords);
}

PyObject* CallSync(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  RecorderObject* me = Recorder(self);
  if (RecordedElsewhereInUse()) [[unlikely]] {
    RecordedElsewhereScope elsewhere(me->tool);
    if (elsewhere.covers()) return CallWrapped(me, args, count, keywords);
  }
  RunningCall call;
  call.Begin(reinterpret_cast<ToolMetricsObject*>(me->tool));
  PyObject* result = CallWrapped(me, args, count, keywords);
  if (result != nullptr) [[likely]] {
    call.Succeed();
  } else {
    call.Raise();
  }
  return result;
}

// For the kinds whose call only makes the object that will do the work. A call that fails already here, over its
// arguments say, is a call all the same.
template <PyObject* (*Instrument)(PyObject* inner, PyObject* tool, PyObject* elsewhere)>
PyObject* CallLazy(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  RecorderObject* me = Recorder(self);
  PyObject* tool = me->tool;  // of which the recorder may lose its own, if it is let go in the meantime
  if (RecordedElsewhereInUse()) [[unlikely]] {
    RecordedElsewhereScope elsewhere(tool);
    if (elsewhere.covers()) {
      PyObject* inner = CallWrapped(me, args, count, keywords);
      return inner == nullptr ? nullptr : Instrument(inner, tool, elsewhere.Keep());
    }
  }
  PyObject* inner = CallWrapped(me, args, count, keywords);
  if (inner == nullptr) [[unlikely]] {
    RunningCall call;
    call.Begin(reinterpret_cast<ToolMetricsObject*>(tool));
    call.Raise();
    return nullptr;
  }
  return Instrument(inner, tool, nullptr);
}

vectorcallfunc VectorcallOf(CallableKind kind) {
  switch (kind) {
    case CallableKind::kSync:
      return &CallSync;
    case CallableKind::kCoroutine:
      return Guarded<&CallLazy<&InstrumentCoroutine>>;
    case CallableKind::kGenerator:
      return Guarded<&CallLazy<&InstrumentGenerator>>;
    case CallableKind::kAsyncGenerator:
      return Guarded<&CallLazy<&InstrumentAsyncGenerator>>;
  }
  return nullptr;
}

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* wrapped = nullptr;
  PyObject* tool = nullptr;
  CallableKind kind{};
  if (!ParseRecorderArguments(args, keywords, &wrapped, &tool, &kind)) return nullptr;
  return MakeRecorder(type, wrapped, tool, kind);
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  ClearRecorder(self);
  Py_TYPE(self)->tp_free(self);
}

PyObject* Repr(PyObject* self) { return PyUnicode_FromFormat("<toolvitals.Recorder of %R>", Recorder(self)->wrapped); }

// By its parts, for those who pickle functions by value, closures and all.
PyObject* Reduce(PyObject* self, PyObject*) {
  const OwnedRef module(PyImport_ImportModule("toolvitals.decorators"));
  if (!module) return nullptr;
  const OwnedRef rebuild(PyObject_GetAttrString(module.get(), "_function_recorder"));
  const OwnedRef name(PyObject_GetAttrString(Recorder(self)->tool, "name"));
  if (!rebuild || !name) return nullptr;
  return Py_BuildValue("O(OOl)", rebuild.get(), Recorder(self)->wrapped, name.get(),
                       static_cast<long>(Recorder(self)->kind));
}

PyMethodDef methods[] = {
    {"__reduce__", Guarded<&Reduce>, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyObject* MakeRecorder(PyTypeObject* type, PyObject* wrapped, PyObject* tool, CallableKind kind) {
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  RecorderObject* me = Recorder(self);
  me->vectorcall = VectorcallOf(kind);
  me->wrapped = Py_NewRef(wrapped);
  me->tool = Py_NewRef(tool);
  me->kind = kind;
  if (kind == CallableKind::kGenerator || kind == CallableKind::kAsyncGenerator) {
    Collector::Global().KeepFirstItems(*reinterpret_cast<ToolMetricsObject*>(tool)->tool);
  }
#if defined(Py_GIL_DISABLED) && PY_VERSION_HEX >= 0x030E0000
  PyUnstable_Object_EnableDeferredRefcount(self);
#endif
  return self;
}

bool ParseRecorderArguments(PyObject* args, PyObject* keywords, PyObject** wrapped, PyObject** tool,
                            CallableKind* kind) {
  long number = 0;
  static const char* names[] = {"wrapped", "tool", "kind", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO!l", const_cast<char**>(names), wrapped, &tool_metrics_type, tool,
                                   &number)) {
    return false;
  }
  *kind = static_cast<CallableKind>(number);
  if (VectorcallOf(*kind) != nullptr) return true;
  PyErr_Format(PyExc_ValueError, "kind must be 0 to 3, not %ld", number);
  return false;
}

int TraverseRecorder(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Recorder(self)->wrapped);
  Py_VISIT(Recorder(self)->tool);
  return 0;
}

int ClearRecorder(PyObject* self) {
  Py_CLEAR(Recorder(self)->wrapped);
  Py_CLEAR(Recorder(self)->tool);
  return 0;
}

bool AddRecorderType(PyObject* module) {
  PyTypeObject& type = recorder_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_BASETYPE;
  type.tp_vectorcall_offset = offsetof(RecorderObject, vectorcall);
  type.tp_call = &PyVectorcall_Call;
  type.tp_new = Guarded<&New>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &TraverseRecorder;
  type.tp_clear = &ClearRecorder;
  type.tp_repr = Guarded<&Repr>;
  type.tp_methods = methods;
  static PyMemberDef members[] = {
      {"__wrapped__", T_OBJECT_EX, offsetof(RecorderObject, wrapped), READONLY, "What is called."},
      {"__vitals__", T_OBJECT_EX, offsetof(RecorderObject, tool), READONLY, "The tool's ToolMetrics."},
      {nullptr, 0, 0, 0, nullptr},
  };
  type.tp_members = members;
  return PyType_Ready(&type) == 0 && PyModule_AddType(module, &type) == 0 &&
         PyModule_AddIntConstant(module, "SYNC", static_cast<long>(CallableKind::kSync)) == 0 &&
         PyModule_AddIntConstant(module, "COROUTINE", static_cast<long>(CallableKind::kCoroutine)) == 0 &&
         PyModule_AddIntConstant(module, "GENERATOR", static_cast<long>(CallableKind::kGenerator)) == 0 &&
         PyModule_AddIntConstant(module, "ASYNC_GENERATOR", static_cast<long>(CallableKind::kAsyncGenerator)) == 0;
}

}  // namespace toolvitals
