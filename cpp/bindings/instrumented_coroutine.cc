// InstrumentedCoroutine: the protocol of await around the shared steps.
// Floor: bindings.
#include "bindings/instrumented_coroutine.h"

#include "bindings/instrumented_step.h"

namespace toolvitals {
namespace {

PyTypeObject coroutine_type = BlankType("toolvitals.InstrumentedCoroutine", sizeof(SteppedObject),
                                        "A tool's coroutine, of which the call is recorded.");
PyAsyncMethods coroutine_async;

}  // namespace

PyObject* InstrumentCoroutine(PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  PyObject* steppable = AwaitIterator(inner);
  if (steppable != nullptr) return MakeStepped(&coroutine_type, inner, steppable, tool, elsewhere, /*yields=*/false);
  if (elsewhere != nullptr) EndRecordedElsewhere(elsewhere, tool);
  if (PyErr_Occurred() == nullptr) return inner;
  Py_DECREF(inner);
  return nullptr;
}

bool ReadyInstrumentedCoroutineType() {
  PrepareSteppedType(coroutine_type);
  coroutine_async.am_await = [](PyObject* self) { return Py_NewRef(self); };
  coroutine_async.am_send = &StepSend;
  coroutine_type.tp_as_async = &coroutine_async;
  coroutine_type.tp_iternext = &StepNext;
  coroutine_type.tp_methods = stepped_methods;
  return PyType_Ready(&coroutine_type) == 0;
}

}  // namespace toolvitals
