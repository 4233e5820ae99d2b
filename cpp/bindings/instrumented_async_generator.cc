// InstrumentedAsyncGenerator, and the awaitables that its steps are.
// Floor: bindings.
#include "bindings/instrumented_async_generator.h"

#include "bindings/free_list.h"
#include "bindings/guard.h"
#include "bindings/instrumented_step.h"

namespace toolvitals {
namespace {

// What __anext__(), asend(), athrow() and aclose() return: the inner awaitable, stepped, whose end says what became of
// the generator.
struct AsyncStepObject {
  PyObject_HEAD
  PyObject* generator;  // a SteppedObject
  PyObject* inner;      // the iterator of the inner awaitable
  bool closes;          // this is aclose()
};

PyTypeObject async_generator_type = BlankType("toolvitals.InstrumentedAsyncGenerator", sizeof(SteppedObject),
                                              "A tool's async generator, of which the call is recorded.");
PyTypeObject async_step_type =
    BlankType("toolvitals._InstrumentedAsyncStep", sizeof(AsyncStepObject), "One step of a tool's async generator.");
PyAsyncMethods async_generator_async;
PyAsyncMethods async_step_async;

FreeList<AsyncStepObject, 128> free_steps;

AsyncStepObject* Step(PyObject* self) { return reinterpret_cast<AsyncStepObject*>(self); }

// Takes the reference to `awaitable`, which may be nullptr with an exception.
PyObject* MakeStep(PyObject* generator, PyObject* awaitable, bool closes) {
  if (awaitable == nullptr) return nullptr;
  PyObject* inner = AwaitIterator(awaitable);
  if (inner == nullptr) {
    if (PyErr_Occurred() == nullptr) return awaitable;
    Py_DECREF(awaitable);
    return nullptr;
  }
  Py_DECREF(awaitable);
  AsyncStepObject* step = free_steps.Take(&async_step_type);
  if (step == nullptr) {
    Py_DECREF(inner);
    return nullptr;
  }
  step->generator = Py_NewRef(generator);
  step->inner = inner;
  step->closes = closes;
  PyObject_GC_Track(step);
  return reinterpret_cast<PyObject*>(step);
}

// Closing a generator that never ran is no call.
void Begin(AsyncStepObject* step) {
  if (!step->closes) BeginStep(Stepped(step->generator));
}

void End(AsyncStepObject* step, PySendResult result) {
  SteppedObject* generator = Stepped(step->generator);
  if (result == PYGEN_RETURN) {
    if (step->closes) {
      EndWithCancellation(generator);
    } else {
      NoteItem(generator);
    }
  } else if (result == PYGEN_ERROR) {
    if (PyErr_ExceptionMatches(PyExc_StopAsyncIteration)) {
      EndWithSuccess(generator);
    } else {
      EndWithException(generator);
    }
  }
}

PySendResult Send(PyObject* self, PyObject* value, PyObject** result) {
  AsyncStepObject* step = Step(self);
  Begin(step);
  const PySendResult sent = Resume(step->inner, value, result);
  End(step, sent);
  return sent;
}

PyObject* Next(PyObject* self) {
  PyObject* value = nullptr;
  const PySendResult sent = Send(self, Py_None, &value);
  return StepAsIteration(sent, value);
}

PyObject* SendMethod(PyObject* self, PyObject* sent) {
  PyObject* value = nullptr;
  const PySendResult result = Send(self, sent, &value);
  return StepAsMethod(result, value);
}

PyObject* ThrowMethod(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  AsyncStepObject* step = Step(self);
  Begin(step);
  PyObject* result = CallInner(step->inner, "throw", args, count);
  End(step, StepOfMethod(result));
  return result;
}

PyObject* CloseMethod(PyObject* self, PyObject*) { return CallInner(Step(self)->inner, "close", nullptr, 0); }

int TraverseStep(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Step(self)->generator);
  Py_VISIT(Step(self)->inner);
  return 0;
}

// The generator stays until the end: it tells what became of the call, and holds no way back to its steps. Others of
// the same cycle may still look at this one.
int ClearStep(PyObject* self) {
  Py_SETREF(Step(self)->inner, Py_NewRef(Py_None));
  return 0;
}

void DeallocStep(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Py_DECREF(Step(self)->inner);
  Py_DECREF(Step(self)->generator);
  free_steps.Give(Step(self));
}

PyObject* AsyncNext(PyObject* self) {
  const PyAsyncMethods* async = Py_TYPE(Stepped(self)->inner)->tp_as_async;
  if (async == nullptr || async->am_anext == nullptr) {
    return PyErr_Format(PyExc_TypeError, "%R is not an asynchronous iterator", Stepped(self)->inner);
  }
  return MakeStep(self, async->am_anext(Stepped(self)->inner), /*closes=*/false);
}

PyObject* AsyncIter(PyObject* self) { return Py_NewRef(self); }

PyObject* AsyncSend(PyObject* self, PyObject* value) {
  return MakeStep(self, CallInner(Stepped(self)->inner, "asend", &value, 1), /*closes=*/false);
}

PyObject* AsyncThrow(PyObject* self, PyObject* const* args, Py_ssize_t count) {
  return MakeStep(self, CallInner(Stepped(self)->inner, "athrow", args, count), /*closes=*/false);
}

PyObject* AsyncClose(PyObject* self, PyObject*) {
  return MakeStep(self, CallInner(Stepped(self)->inner, "aclose", nullptr, 0), /*closes=*/true);
}

PyMethodDef step_methods[] = {
    {"send", Guarded<&SendMethod>, METH_O, "As coroutine.send()."},
    {"throw", AsMethod(Guarded<&ThrowMethod>), METH_FASTCALL, "As coroutine.throw()."},
    {"close", Guarded<&CloseMethod>, METH_NOARGS, "As coroutine.close()."},
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef generator_methods[] = {
    {"asend", Guarded<&AsyncSend>, METH_O, "As asend() of an async generator."},
    {"athrow", AsMethod(Guarded<&AsyncThrow>), METH_FASTCALL, "As athrow() of an async generator."},
    {"aclose", Guarded<&AsyncClose>, METH_NOARGS, "As aclose() of an async generator."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

PyObject* InstrumentAsyncGenerator(PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  return MakeStepped(&async_generator_type, inner, inner, tool, elsewhere, /*yields=*/true);
}

bool ReadyInstrumentedAsyncGeneratorTypes() {
  async_step_async.am_await = [](PyObject* self) { return Py_NewRef(self); };
  async_step_async.am_send = Guarded<&Send>;
  async_step_type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  async_step_type.tp_as_async = &async_step_async;
  async_step_type.tp_iternext = Guarded<&Next>;
  async_step_type.tp_iter = [](PyObject* self) { return Py_NewRef(self); };
  async_step_type.tp_methods = step_methods;
  async_step_type.tp_traverse = &TraverseStep;
  async_step_type.tp_clear = &ClearStep;
  async_step_type.tp_dealloc = &DeallocStep;
  if (PyType_Ready(&async_step_type) != 0) return false;
  PrepareSteppedType(async_generator_type);
  async_generator_async.am_aiter = Guarded<&AsyncIter>;
  async_generator_async.am_anext = Guarded<&AsyncNext>;
  async_generator_type.tp_as_async = &async_generator_async;
  async_generator_type.tp_methods = generator_methods;
  return PyType_Ready(&async_generator_type) == 0;
}

}  // namespace toolvitals
