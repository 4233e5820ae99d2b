// InstrumentedCoroutine: the protocol of await around the shared steps.
// Floor: bindings.
#include "bindings/instrumented_coroutine.h"

#include "bindings/guard.h"
#include "bindings/instrumented_step.h"

namespace toolvitals {
namespace {

PyTypeObject coroutine_type = BlankType("toolvitals.InstrumentedCoroutine", sizeof(SteppedObject),
                                        "A tool's coroutine, of which the call is recorded.");
// What calls of types.coroutine()'s functions return: generators that await takes, and nobody else for coroutines.
PyTypeObject generator_based_type = BlankType("toolvitals.InstrumentedGeneratorBasedCoroutine", sizeof(SteppedObject),
                                              "A tool's generator that can be awaited, of which the call is recorded.");
PyAsyncMethods coroutine_async;

// What __await__() returns to those who call it by name: `yield from coroutine.__await__()` asks for an iterator, which
// a coroutine is not. await takes the coroutine itself.
struct AwaitedObject {
  PyObject_HEAD
  PyObject* coroutine;
};

PyTypeObject awaited_type = BlankType("toolvitals._InstrumentedCoroutineIterator", sizeof(AwaitedObject),
                                      "The steps of a tool's coroutine, as an iterator.");
PyAsyncMethods awaited_async;

PyObject* Awaited(PyObject* self) { return reinterpret_cast<AwaitedObject*>(self)->coroutine; }

PyObject* Await(PyObject* self, PyObject*) {
  auto* made = PyObject_GC_New(AwaitedObject, &awaited_type);
  if (made == nullptr) return nullptr;
  made->coroutine = Py_NewRef(self);
  PyObject_GC_Track(made);
  return reinterpret_cast<PyObject*>(made);
}

void DeallocAwaited(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Py_CLEAR(reinterpret_cast<AwaitedObject*>(self)->coroutine);
  PyObject_GC_Del(self);
}

PyMethodDef awaited_methods[] = {
    {"send", AsMethod(+[](PyObject* self, PyObject* value) { return CallInner(Awaited(self), "send", &value, 1); }),
     METH_O, "As send() of the coroutine."},
    {"throw", AsMethod(+[](PyObject* self, PyObject* const* args, Py_ssize_t count) {
       return CallInner(Awaited(self), "throw", args, count);
     }),
     METH_FASTCALL, "As throw() of the coroutine."},
    {"close", AsMethod(+[](PyObject* self, PyObject*) { return CallInner(Awaited(self), "close", nullptr, 0); }),
     METH_NOARGS, "As close() of the coroutine."},
    {nullptr, nullptr, 0, nullptr},
};

bool ReadyAwaitedType() {
  awaited_async.am_send = [](PyObject* self, PyObject* value, PyObject** result) {
    return StepSend(Awaited(self), value, result);
  };
  awaited_type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION;
  awaited_type.tp_as_async = &awaited_async;
  awaited_type.tp_iter = [](PyObject* self) { return Py_NewRef(self); };
  awaited_type.tp_iternext = [](PyObject* self) { return StepNext(Awaited(self)); };
  awaited_type.tp_dealloc = &DeallocAwaited;
  awaited_type.tp_traverse = [](PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Awaited(self));
    return 0;
  };
  awaited_type.tp_methods = awaited_methods;
  return PyType_Ready(&awaited_type) == 0;
}

PyMethodDef await_method = {"__await__", Guarded<&Await>, METH_NOARGS, "An iterator over the steps."};

// Puts the method in the place of the wrapper that am_await gave the type.
bool AddAwait() {
  const OwnedRef method(PyDescr_NewMethod(&coroutine_type, &await_method));
  if (!method || PyDict_SetItemString(coroutine_type.tp_dict, "__await__", method.get()) != 0) return false;
  PyType_Modified(&coroutine_type);
  return true;
}

// Takes that wrapper away: a generator has none, and collections.abc asks for it.
bool RemoveAwait() {
  if (PyDict_DelItemString(generator_based_type.tp_dict, "__await__") != 0) return false;
  PyType_Modified(&generator_based_type);
  return true;
}

// What await steps. One that has begun already waits for something, and for somebody: as the interpreter does with its
// own, a second one is refused before it could step, or cancel, what the first one waits for.
PyObject* TakeForAwait(PyObject* self) {
  if (Stepped(self)->call.running() && PyCoro_CheckExact(Stepped(self)->shown)) {
    PyErr_SetString(PyExc_RuntimeError, "coroutine is being awaited already");
    return nullptr;
  }
  return Py_NewRef(self);
}

void Prepare(PyTypeObject& type) {
  PrepareSteppedType(type);
  type.tp_as_async = &coroutine_async;
  type.tp_iternext = Guarded<&StepNext>;
  type.tp_methods = stepped_methods;
}

// An awaitable that is no coroutine of the language's own.
[[gnu::noinline]] PyObject* InstrumentOther(PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  PyObject* steppable = AwaitIterator(inner);
  if (steppable != nullptr) {
    if (steppable == inner) Py_DECREF(steppable);
    PyTypeObject* type = PyGen_CheckExact(inner) ? &generator_based_type : &coroutine_type;
    return MakeStepped(type, inner, steppable, tool, elsewhere, /*yields=*/false);
  }
  if (elsewhere != nullptr) EndRecordedElsewhere(elsewhere, tool);
  if (PyErr_Occurred() == nullptr) return inner;
  Py_DECREF(inner);
  return nullptr;
}

}  // namespace

PyObject* InstrumentCoroutine(PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  if (!PyCoro_CheckExact(inner)) [[unlikely]]
    return InstrumentOther(inner, tool, elsewhere);
  return MakeStepped(&coroutine_type, inner, inner, tool, elsewhere, /*yields=*/false);
}

bool ReadyInstrumentedCoroutineType() {
  coroutine_async.am_await = Guarded<&TakeForAwait>;
  coroutine_async.am_send = Guarded<&StepSend>;
  Prepare(coroutine_type);
  Prepare(generator_based_type);
  generator_based_type.tp_iter = [](PyObject* self) { return Py_NewRef(self); };
  return PyType_Ready(&coroutine_type) == 0 && AddAwait() && PyType_Ready(&generator_based_type) == 0 &&
         RemoveAwait() && ReadyAwaitedType();
}

}  // namespace toolvitals
