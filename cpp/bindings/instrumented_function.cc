// The vectorcall slot of a genuine types.FunctionType. toolvitals/_stand_in.py makes the function; its body calls the
// recorder, too, for an interpreter that does not ask the slot (CPython 3.11) and for copies of its code.
// Floor: bindings.
#include "bindings/instrumented_function.h"

#include "bindings/function_slot.h"
#include "bindings/guard.h"
#include "bindings/recorder.h"

namespace toolvitals {
namespace {

// What stands behind one function: the recorder, and what the function was made of. A function whose code or defaults
// have been set anew since does what its body says.
struct StandInObject {
  RecorderObject recorder;
  PyObject* code;
  PyObject* defaults;
  PyObject* keyword_defaults;
};

PyTypeObject stand_in_type =
    BlankType("toolvitals.FunctionRecorder", sizeof(StandInObject), "The recorder of one function.");

StandInObject* StandIn(PyObject* self) { return reinterpret_cast<StandInObject*>(self); }

PyFunctionObject* Function(PyObject* function) { return reinterpret_cast<PyFunctionObject*>(function); }

// The recorder in the function's first closure cell; nullptr where there is none. Borrowed.
StandInObject* FindRecorder(PyFunctionObject* function) {
  PyObject* content = FirstInClosure(function);
  return content != nullptr && Py_IS_TYPE(content, &stand_in_type) ? StandIn(content) : nullptr;
}

// Each code of a stand-in leads to its recorder, without keeping it: the recorder keeps the code.
Py_ssize_t extra_index = -1;

void SetRecorderOfCode(PyObject* code, StandInObject* recorder) {
#if PY_VERSION_HEX >= 0x030C0000
  if (PyUnstable_Code_SetExtra(code, extra_index, recorder) != 0) PyErr_Clear();
#else
  if (_PyCode_SetExtra(code, extra_index, recorder) != 0) PyErr_Clear();
#endif
}

StandInObject* RecorderOfCode(PyObject* code) {
  void* recorder = nullptr;
#if PY_VERSION_HEX >= 0x030C0000
  if (PyUnstable_Code_GetExtra(code, extra_index, &recorder) != 0) PyErr_Clear();
#else
  if (_PyCode_GetExtra(code, extra_index, &recorder) != 0) PyErr_Clear();
#endif
  return static_cast<StandInObject*>(recorder);
}

// A reloader in place (IPython's autoreload) gives the function that everybody holds the code of the new one. That code
// is another stand-in's: from now on calls go where its calls go.
void FollowCode(PyFunctionObject* function) {
  StandInObject* theirs = RecorderOfCode(function->func_code);
  if (theirs == nullptr || function->func_closure == nullptr || PyTuple_GET_SIZE(function->func_closure) == 0) return;
  PyCell_Set(PyTuple_GET_ITEM(function->func_closure, 0), reinterpret_cast<PyObject*>(theirs));
}

// Whether the function is still what its recorder was made for.
bool Fits(const PyFunctionObject* function, const StandInObject* recorder) {
  return recorder != nullptr && function->func_code == recorder->code &&
         function->func_defaults == recorder->defaults && function->func_kwdefaults == recorder->keyword_defaults;
}

PyObject* CallRecorder(StandInObject* recorder, PyObject* const* args, size_t count, PyObject* keywords) {
  return recorder->recorder.vectorcall(reinterpret_cast<PyObject*>(recorder), args, count, keywords);
}

// A function of which something has been set anew. Apart, so that all others are called without saving registers.
[[gnu::noinline]] PyObject* CallChangedFunction(PyObject* function, PyObject* const* args, size_t count,
                                                PyObject* keywords) {
  PyFunctionObject* me = Function(function);
  StandInObject* recorder = FindRecorder(me);
  if (recorder != nullptr && me->func_code != recorder->code) FollowCode(me);
  recorder = FindRecorder(me);
  if (!Fits(me, recorder)) return RunBody(function, args, count, keywords);
  return CallRecorder(recorder, args, count, keywords);
}

PyObject* CallFunction(PyObject* function, PyObject* const* args, size_t count, PyObject* keywords) {
  StandInObject* recorder = FindRecorder(Function(function));
  if (!Fits(Function(function), recorder)) [[unlikely]]
    return CallChangedFunction(function, args, count, keywords);
  return CallRecorder(recorder, args, count, keywords);
}

PyObject* NewStandIn(PyTypeObject*, PyObject* args, PyObject* keywords) {
  PyObject* wrapped = nullptr;
  PyObject* tool = nullptr;
  CallableKind kind{};
  if (!ParseRecorderArguments(args, keywords, &wrapped, &tool, &kind)) return nullptr;
  return MakeRecorder(&stand_in_type, wrapped, tool, kind);
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(StandIn(self)->code);
  Py_VISIT(StandIn(self)->defaults);
  Py_VISIT(StandIn(self)->keyword_defaults);
  return TraverseRecorder(self, visit, arg);
}

int Clear(PyObject* self) {
  PyObject* code = StandIn(self)->code;
  if (code != nullptr && RecorderOfCode(code) == StandIn(self)) SetRecorderOfCode(code, nullptr);
  Py_CLEAR(StandIn(self)->code);
  Py_CLEAR(StandIn(self)->defaults);
  Py_CLEAR(StandIn(self)->keyword_defaults);
  return ClearRecorder(self);
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Clear(self);
  Py_TYPE(self)->tp_free(self);
}

#if PY_VERSION_HEX >= 0x030E0000
// Since CPython 3.14 functools.update_wrapper() copies what makes the annotations and not the annotations themselves,
// which somebody may have set or changed since they were made.
void TakeOverAnnotations(PyFunctionObject* function, PyObject* wrapped) {
  if (!PyFunction_Check(wrapped) || Function(wrapped)->func_annotations == nullptr) return;
  Py_XSETREF(function->func_annotations, Py_NewRef(Function(wrapped)->func_annotations));
}
#endif

PyObject* RecordFunction(PyObject*, PyObject* object) {
  if (!PyFunction_Check(object)) return PyErr_Format(PyExc_TypeError, "%R is not a function", object);
  PyFunctionObject* function = Function(object);
  StandInObject* recorder = FindRecorder(function);
  if (recorder == nullptr) return PyErr_Format(PyExc_ValueError, "%R has no recorder in its closure", object);
  if (recorder->code != nullptr) SetRecorderOfCode(recorder->code, nullptr);
  Py_XSETREF(recorder->code, Py_NewRef(function->func_code));
  SetRecorderOfCode(recorder->code, recorder);
  Py_XSETREF(recorder->defaults, Py_XNewRef(function->func_defaults));
  Py_XSETREF(recorder->keyword_defaults, Py_XNewRef(function->func_kwdefaults));
#if PY_VERSION_HEX >= 0x030E0000
  TakeOverAnnotations(function, recorder->recorder.wrapped);
#endif
  SetCallsOf(function, &CallFunction);
  return Py_NewRef(object);
}

PyObject* RecorderOf(PyObject*, PyObject* object) {
  if (PyFunction_Check(object)) {
    StandInObject* recorder = FindRecorder(Function(object));
    if (recorder != nullptr) return Py_NewRef(reinterpret_cast<PyObject*>(recorder));
  } else if (PyObject_TypeCheck(object, &recorder_type)) {
    return Py_NewRef(object);
  }
  Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"record_function", Guarded<&RecordFunction>, METH_O,
     "record_function(function, /)\n--\n\n"
     "Has calls of the function go to the FunctionRecorder in its closure, past its body. Returns the function."},
    {"recorder_of", Guarded<&RecorderOf>, METH_O,
     "recorder_of(candidate, /)\n--\n\nThe recorder behind what @tool returned, None for any other object."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

bool AddInstrumentedFunction(PyObject* module) {
#if PY_VERSION_HEX >= 0x030C0000
  extra_index = PyUnstable_Eval_RequestCodeExtraIndex(nullptr);
#else
  extra_index = _PyEval_RequestCodeExtraIndex(nullptr);
#endif
  PyTypeObject& type = stand_in_type;
  type.tp_base = &recorder_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
  type.tp_vectorcall_offset = recorder_type.tp_vectorcall_offset;
  type.tp_call = recorder_type.tp_call;
  type.tp_new = Guarded<&NewStandIn>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  return PyType_Ready(&type) == 0 && PyModule_AddType(module, &type) == 0 &&
         PyModule_AddFunctions(module, functions) == 0;
}

}  // namespace toolvitals
