// The shared slots, and the two ways in which Python says "returned".
// Floor: bindings.
#include "bindings/instrumented_step.h"

#include <cstddef>

#include "bindings/guard.h"

namespace toolvitals {

constinit FreeList<SteppedObject, 128> free_steps;

namespace {

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Stepped(self)->shown);
  if (Stepped(self)->inner != Stepped(self)->shown) Py_VISIT(Stepped(self)->inner);
  Py_VISIT(Stepped(self)->elsewhere);
  return 0;
}

// Puts `replacement`, which may be nullptr, in the place of what is stepped.
void Replace(SteppedObject* self, PyObject* replacement) {
  PyObject* inner = self->inner;
  PyObject* shown = self->shown;
  self->inner = self->shown = replacement;
  if (inner != shown) Py_DECREF(inner);
  Py_DECREF(shown);
}

// Others of the same cycle may still look at this one.
int Clear(PyObject* self) {
  Replace(Stepped(self), Py_NewRef(Py_None));
  return 0;
}

// Called by the garbage collector, before anything is taken apart. The generator's finally blocks are run here, whether
// it has been finalized already or not: one of them may keep this object alive, whose call is over all the same. What
// somebody else holds too is left to the collector.
void Finalize(PyObject* self) {
  SteppedObject* me = Stepped(self);
  me->finalized = true;
  if (!me->call.running()) return;
  const ExceptionAside aside;
  if (Py_REFCNT(me->shown) == 1) PyObject_CallFinalizer(me->shown);
  if (IsOver(me)) EndWithCancellation(me);
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  SteppedObject* me = Stepped(self);
  if (me->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  if (me->finished && me->elsewhere == nullptr) [[likely]] {
    Replace(me, nullptr);
  } else {
    const ExceptionAside aside;
    // First the inner object, whose finally blocks are still part of the call.
    Replace(me, nullptr);
    EndWithCancellation(me);
  }
  if (me->finalized) [[unlikely]] {
    PyObject_GC_Del(me);
  } else {
    free_steps.Give(me);
  }
}

PyObject* GetAttribute(PyObject* self, PyObject* name) {
  PyObject* own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
  PyErr_Clear();
  return PyObject_GetAttr(Stepped(self)->shown, name);
}

// The name and qualified name of a coroutine or generator can be set; nothing else can.
int SetAttribute(PyObject* self, PyObject* name, PyObject* value) {
  return PyObject_SetAttr(Stepped(self)->shown, name, value);
}

PyObject* Class(PyObject* self, void*) {
  PyObject* shown = Stepped(self)->shown;
  const bool own = PyCoro_CheckExact(shown) || PyGen_CheckExact(shown) || PyAsyncGen_CheckExact(shown);
  return Py_NewRef(reinterpret_cast<PyObject*>(own ? Py_TYPE(shown) : Py_TYPE(self)));
}

PyGetSetDef properties[] = {
    {"__class__", Guarded<&Class>, nullptr, "The type of the object that the tool returned.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyObject* Repr(PyObject* self) { return PyUnicode_FromFormat("<toolvitals.tool around %R>", Stepped(self)->shown); }

// Raised by hand: PyErr_SetObject() would take a tuple for the arguments and an exception for the exception itself.
void RaiseStopIteration(PyObject* value) {
  const OwnedRef stop(PyObject_CallOneArg(PyExc_StopIteration, value));
  if (stop) PyErr_SetObject(PyExc_StopIteration, stop.get());
}

void EndStep(SteppedObject* self, PySendResult step) {
  if (step == PYGEN_RETURN) {
    EndWithSuccess(self);
  } else if (step == PYGEN_NEXT) {
    NoteItem(self);
  } else {
    EndWithException(self);
  }
}

// In both slots that the interpreter steps by: which one it is depends on its version.
[[gnu::always_inline]] inline PySendResult Step(PyObject* self, PyObject* value, PyObject** result) {
  SteppedObject* me = Stepped(self);
  BeginStep(me);
  const PySendResult step = Resume(me->inner, value, result);
  EndStep(me, step);
  return step;
}

PyObject* Send(PyObject* self, PyObject* sent) {
  PyObject* value = nullptr;
  const PySendResult step = StepSend(self, sent, &value);
  return StepAsMethod(step, value);
}

PyObject* Throw(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  SteppedObject* me = Stepped(self);
  BeginStep(me);
  PyObject* result = CallInner(me->inner, "throw", args, count);
  EndStep(me, StepOfMethod(result));
  return result;
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
    {"send", Guarded<&Send>, METH_O, "As send() of a coroutine or generator."},
    {"throw", AsMethod(Guarded<&Throw>), METH_FASTCALL, "As throw() of a coroutine or generator."},
    {"close", Guarded<&Close>, METH_NOARGS, "As close() of a coroutine or generator."},
    {nullptr, nullptr, 0, nullptr},
};

bool IsOver(SteppedObject* self) {
  PyObject* shown = self->shown;
  const char* frame_name = nullptr;
  if (PyCoro_CheckExact(shown)) frame_name = "cr_frame";
  if (PyGen_CheckExact(shown)) frame_name = "gi_frame";
  if (PyAsyncGen_CheckExact(shown)) frame_name = "ag_frame";
  if (frame_name == nullptr) return true;
  const ExceptionAside aside;
  const OwnedRef frame(PyObject_GetAttrString(shown, frame_name));
  if (!frame) PyErr_Clear();
  return !frame || frame.get() == Py_None;
}

PySendResult StepSend(PyObject* self, PyObject* value, PyObject** result) { return Step(self, value, result); }

PyObject* StepNext(PyObject* self) {
  PyObject* value = nullptr;
  const PySendResult step = Step(self, Py_None, &value);
  return StepAsIteration(step, value);
}

PyObject* DropStepped(PyObject* shown, PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  const ExceptionAside aside;
  if (inner != shown) Py_DECREF(inner);
  Py_DECREF(shown);
  if (elsewhere != nullptr) EndRecordedElsewhere(elsewhere, tool);
  return nullptr;
}

void EndWithException(SteppedObject* self) {
  if (!IsOver(self)) return;
  Finish(self);
  if (self->call.running()) self->call.Raise();
}

void EndWithCancellation(SteppedObject* self) {
  Finish(self);
  if (self->call.running()) self->call.Cancel();
}

void PrepareSteppedType(PyTypeObject& type) {
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  type.tp_weaklistoffset = offsetof(SteppedObject, weak_references);
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_finalize = &Finalize;
  type.tp_getattro = Guarded<&GetAttribute>;
  type.tp_setattro = Guarded<&SetAttribute>;
  type.tp_getset = properties;
  type.tp_repr = Guarded<&Repr>;
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

PyObject* AwaitIterator(PyObject* awaitable) {
  // A generator here is one that types.coroutine() made awaitable.
  if (PyCoro_CheckExact(awaitable) || PyGen_CheckExact(awaitable)) return Py_NewRef(awaitable);
  const PyAsyncMethods* async = Py_TYPE(awaitable)->tp_as_async;
  if (async == nullptr || async->am_await == nullptr) return nullptr;
  return async->am_await(awaitable);
}

}  // namespace toolvitals
