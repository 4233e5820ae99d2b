// The shared slots, and the two ways in which Python says "returned".
// Floor: bindings.
#include "bindings/instrumented_step.h"

#include <cstddef>
#include <new>

namespace toolvitals {
namespace {

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Stepped(self)->inner);
  Py_VISIT(Stepped(self)->shown);
  Py_VISIT(Stepped(self)->tool);
  Py_VISIT(Stepped(self)->elsewhere);
  return 0;
}

// The tool stays until the end, when an abandoned call is recorded on it; it is part of no cycle.
int Clear(PyObject* self) {
  Py_CLEAR(Stepped(self)->inner);
  Py_CLEAR(Stepped(self)->shown);
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  SteppedObject* stepped = Stepped(self);
  {
    const ExceptionAside aside;
    if (stepped->weak_references != nullptr) PyObject_ClearWeakRefs(self);
    // First the inner object, whose finally blocks are still part of the call.
    Clear(self);
    EndWithCancellation(stepped);
    Py_CLEAR(stepped->tool);
  }
  PyObject_GC_Del(self);
}

PyObject* GetAttribute(PyObject* self, PyObject* name) {
  PyObject* own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || Stepped(self)->shown == nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
  PyErr_Clear();
  return PyObject_GetAttr(Stepped(self)->shown, name);
}

// The name and qualified name of a coroutine or generator can be set; nothing else can.
int SetAttribute(PyObject* self, PyObject* name, PyObject* value) {
  if (Stepped(self)->shown == nullptr) return PyObject_GenericSetAttr(self, name, value);
  return PyObject_SetAttr(Stepped(self)->shown, name, value);
}

PyObject* Class(PyObject* self, void*) {
  PyObject* shown = Stepped(self)->shown;
  const bool own =
      shown != nullptr && (PyCoro_CheckExact(shown) || PyGen_CheckExact(shown) || PyAsyncGen_CheckExact(shown));
  return Py_NewRef(reinterpret_cast<PyObject*>(own ? Py_TYPE(shown) : Py_TYPE(self)));
}

PyGetSetDef properties[] = {
    {"__class__", &Class, nullptr, "The type of the object that the tool returned.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyObject* Repr(PyObject* self) { return PyUnicode_FromFormat("<toolvitals.tool around %R>", Stepped(self)->shown); }

// Raised by hand: PyErr_SetObject() would take a tuple for the arguments and an exception for the exception itself.
void RaiseStopIteration(PyObject* value) {
  const OwnedRef stop(PyObject_CallOneArg(PyExc_StopIteration, value));
  if (stop) PyErr_SetObject(PyExc_StopIteration, stop.get());
}

void EndStep(SteppedObject* self, PySendResult step) {
  if (step == PYGEN_NEXT) NoteItem(self);
  if (step == PYGEN_RETURN) EndWithSuccess(self);
  if (step == PYGEN_ERROR) EndWithException(self);
}

PyObject* Send(PyObject* self, PyObject* sent) {
  PyObject* value = nullptr;
  const PySendResult step = StepSend(self, sent, &value);
  return StepAsMethod(step, value);
}

PyObject* Throw(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  SteppedObject* me = Stepped(self);
  BeginStep(me);
  PyObject* value = nullptr;
  const PySendResult step = StepOfMethod(CallInner(me->inner, "throw", args, count), &value);
  EndStep(me, step);
  return StepAsMethod(step, value);
}

PyObject* Close(PyObject* self, PyObject*) {
  SteppedObject* me = Stepped(self);
  PyObject* result = CallInner(me->inner, "close", nullptr, 0);
  if (result == nullptr) {
    EndWithException(me);
  } else {
    EndWithCancellation(me);
  }
  return result;
}

}  // namespace

PyMethodDef stepped_methods[] = {
    {"send", &Send, METH_O, "As send() of a coroutine or generator."},
    {"throw", AsMethod(&Throw), METH_FASTCALL, "As throw() of a coroutine or generator."},
    {"close", &Close, METH_NOARGS, "As close() of a coroutine or generator."},
    {nullptr, nullptr, 0, nullptr},
};

bool IsOver(SteppedObject* self) {
  PyObject* shown = self->shown;
  const char* frame_name = nullptr;
  if (shown == nullptr) return true;
  if (PyCoro_CheckExact(shown)) frame_name = "cr_frame";
  if (PyGen_CheckExact(shown)) frame_name = "gi_frame";
  if (PyAsyncGen_CheckExact(shown)) frame_name = "ag_frame";
  if (frame_name == nullptr) return true;
  const ExceptionAside aside;
  const OwnedRef frame(PyObject_GetAttrString(shown, frame_name));
  if (!frame) PyErr_Clear();
  return !frame || frame.get() == Py_None;
}

PySendResult StepSend(PyObject* self, PyObject* value, PyObject** result) {
  SteppedObject* me = Stepped(self);
  BeginStep(me);
  const PySendResult step = PyIter_Send(me->inner, value, result);
  EndStep(me, step);
  return step;
}

PyObject* StepNext(PyObject* self) {
  PyObject* value = nullptr;
  const PySendResult step = StepSend(self, Py_None, &value);
  return StepAsIteration(step, value);
}

PyObject* MakeStepped(PyTypeObject* type, PyObject* shown, PyObject* inner, PyObject* tool, PyObject* elsewhere,
                      bool yields) {
  auto* made = PyObject_GC_New(SteppedObject, type);
  if (made == nullptr) {
    Py_DECREF(inner);
    Py_DECREF(shown);
    if (elsewhere != nullptr) EndRecordedElsewhere(elsewhere, tool);
    return nullptr;
  }
  made->inner = inner;
  made->shown = shown;
  made->tool = Py_NewRef(tool);
  made->elsewhere = elsewhere;
  made->weak_references = nullptr;
  new (&made->call) RunningCall;
  made->finished = elsewhere != nullptr;
  made->awaits_item = yields;
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

void PrepareSteppedType(PyTypeObject& type) {
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  type.tp_weaklistoffset = offsetof(SteppedObject, weak_references);
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_getattro = &GetAttribute;
  type.tp_setattro = &SetAttribute;
  type.tp_getset = properties;
  type.tp_repr = &Repr;
}

PyObject* StepAsIteration(PySendResult step, PyObject* value) {
  if (step != PYGEN_RETURN) return value;
  // No value at all says "stopped, with None".
  if (value != Py_None) RaiseStopIteration(value);
  Py_DECREF(value);
  return nullptr;
}

PyObject* StepAsMethod(PySendResult step, PyObject* value) {
  if (step != PYGEN_RETURN) return value;
  if (value == Py_None) {
    PyErr_SetNone(PyExc_StopIteration);
  } else {
    RaiseStopIteration(value);
  }
  Py_DECREF(value);
  return nullptr;
}

PyObject* CallInner(PyObject* inner, const char* method, PyObject* const* args, Py_ssize_t count) {
  const OwnedRef bound(PyObject_GetAttrString(inner, method));
  return bound ? PyObject_Vectorcall(bound.get(), args, static_cast<size_t>(count), nullptr) : nullptr;
}

PySendResult StepOfMethod(PyObject* method_result, PyObject** value) {
  *value = method_result;
  if (method_result != nullptr) return PYGEN_NEXT;
  if (!PyErr_ExceptionMatches(PyExc_StopIteration)) return PYGEN_ERROR;
  PyObject* type = nullptr;
  PyObject* exception = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &exception, &traceback);
  PyErr_NormalizeException(&type, &exception, &traceback);
  *value = Py_NewRef(reinterpret_cast<PyStopIterationObject*>(exception)->value);
  Py_XDECREF(type);
  Py_XDECREF(exception);
  Py_XDECREF(traceback);
  return PYGEN_RETURN;
}

PyObject* AwaitIterator(PyObject* awaitable) {
  // A generator here is one that types.coroutine() made awaitable.
  if (PyCoro_CheckExact(awaitable) || PyGen_CheckExact(awaitable)) return Py_NewRef(awaitable);
  const PyAsyncMethods* async = Py_TYPE(awaitable)->tp_as_async;
  if (async == nullptr || async->am_await == nullptr) return nullptr;
  return async->am_await(awaitable);
}

}  // namespace toolvitals
