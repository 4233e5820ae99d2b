// What instrumented coroutines, generators and async generators have in common: an inner object that is resumed step by
// step, and a call that lasts from the first step to the last.
// Floor: bindings.
#pragma once

#include <new>

#include "bindings/call.h"
#include "bindings/free_list.h"
#include "bindings/python.h"
#include "bindings/recorded_elsewhere.h"

namespace toolvitals {

struct SteppedObject {
  PyObject_HEAD
  PyObject* shown;      // what attributes are read from: the object that the tool returned
  PyObject* inner;      // what is resumed: the same object, without a reference of its own, or another one, with one
  PyObject* tool;       // a ToolMetricsObject; borrowed, as handles stay for the life of the process
  PyObject* elsewhere;  // a RecordedElsewhere that this call is recorded by, or nullptr
  PyObject* weak_references;
  RunningCall call;
  bool finished;     // no step may begin a call any more
  bool awaits_item;  // the first item has not come yet; never set for coroutines
  bool finalized;    // by the garbage collector, which does so once and marks the object's memory
};

inline SteppedObject* Stepped(PyObject* self) { return reinterpret_cast<SteppedObject*>(self); }

// Makes an object of the type around `shown`, whose steps are `inner`'s (the same object, but for what only has an
// iterator that can be awaited). Takes the references to `shown`, to `inner` if it is another object, and to
// `elsewhere`, also when it fails. `yields` says that the steps give items.
inline PyObject* MakeStepped(PyTypeObject* type, PyObject* shown, PyObject* inner, PyObject* tool, PyObject* elsewhere,
                             bool yields);

// Fills the slots that all stepped types share. Attributes (cr_frame, gi_running, ag_code) are the shown object's, and
// so is __class__ where that is the language's own coroutine or generator: isinstance() and `inspect` say what they
// would say of the bare one (docs/decisions/0036).
void PrepareSteppedType(PyTypeObject& type);

// Before a step: begins the call if this is its first.
inline void BeginStep(SteppedObject* self) {
  if (!self->call.running() && !self->finished) {
    self->call.Begin(reinterpret_cast<ToolMetricsObject*>(self->tool));
  }
}

// No step will record anything any more.
inline void Finish(SteppedObject* self) {
  self->finished = true;
  if (self->elsewhere != nullptr) [[unlikely]] {
    PyObject* elsewhere = self->elsewhere;
    self->elsewhere = nullptr;
    EndRecordedElsewhere(elsewhere, self->tool);
  }
}

// Whether the object that is being resumed has come to its end. A step may fail without that: one taken while another
// is being taken, or one that sends a value into a generator that has not begun.
bool IsOver(SteppedObject* self);

// The call's ends. Each does nothing where the call has ended, or has never begun.
inline void EndWithSuccess(SteppedObject* self) {
  Finish(self);
  if (self->call.running()) self->call.Succeed();
}
void EndWithException(SteppedObject* self);
void EndWithCancellation(SteppedObject* self);

// An item came out of a generator.
inline void NoteItem(SteppedObject* self) {
  if (!self->awaits_item || !self->call.running()) return;
  self->awaits_item = false;
  reinterpret_cast<ToolMetricsObject*>(self->tool)->tool->RecordFirstItem<kPythonWriters>(self->call.ElapsedNs());
}

// The protocol that coroutines and generators share, for types whose inner object is one.
extern PyMethodDef stepped_methods[];  // send, throw, close
PySendResult StepSend(PyObject* self, PyObject* value, PyObject** result);
PyObject* StepNext(PyObject* self);

// From the convention of PyIter_Send() to that of tp_iternext: a returned value leaves as StopIteration.
PyObject* StepAsIteration(PySendResult step, PyObject* value);
// To that of the methods send() and throw(), where StopIteration is always raised.
PyObject* StepAsMethod(PySendResult step, PyObject* value);

// Calls the inner object's method, throw() say, with the same arguments.
PyObject* CallInner(PyObject* inner, const char* method, PyObject* const* args, Py_ssize_t count);

// What a step was, by the result of a method that has taken it: StopIteration that is being raised says "returned". The
// result, or the exception, stays as it is.
inline PySendResult StepOfMethod(PyObject* result) {
  if (result != nullptr) return PYGEN_NEXT;
  return PyErr_ExceptionMatches(PyExc_StopIteration) ? PYGEN_RETURN : PYGEN_ERROR;
}

// PyIter_Send(), without the way through its checks for what can be sent to.
inline PySendResult Resume(PyObject* inner, PyObject* value, PyObject** result) {
  const PyAsyncMethods* async = Py_TYPE(inner)->tp_as_async;
  if (async != nullptr && async->am_send != nullptr) [[likely]]
    return async->am_send(inner, value, result);
  return PyIter_Send(inner, value, result);
}

// What await would step: the object itself for a coroutine, its iterator for another awaitable. A new reference;
// nullptr with an exception, or without one for what cannot be awaited.
PyObject* AwaitIterator(PyObject* awaitable);

// As many as a program may well have between two collections.
extern FreeList<SteppedObject, 128> free_steps;

// Where there is no memory for the object: lets go of all that it would have held. nullptr, with the exception.
PyObject* DropStepped(PyObject* shown, PyObject* inner, PyObject* tool, PyObject* elsewhere);

inline PyObject* MakeStepped(PyTypeObject* type, PyObject* shown, PyObject* inner, PyObject* tool, PyObject* elsewhere,
                             bool yields) {
  SteppedObject* made = free_steps.Take(type);
  if (made == nullptr) [[unlikely]]
    return DropStepped(shown, inner, tool, elsewhere);
  made->shown = shown;
  made->inner = inner;
  made->tool = tool;
  made->elsewhere = elsewhere;
  made->weak_references = nullptr;
  new (&made->call) RunningCall;
  made->finished = elsewhere != nullptr;
  made->awaits_item = yields;
  made->finalized = false;
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

}  // namespace toolvitals
