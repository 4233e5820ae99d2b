// InstrumentedGenerator: the protocol of iteration around the shared steps.
// Floor: bindings.
#include "bindings/instrumented_generator.h"

#include "bindings/guard.h"
#include "bindings/instrumented_step.h"

namespace toolvitals {
namespace {

PyTypeObject generator_type = BlankType("toolvitals.InstrumentedGenerator", sizeof(SteppedObject),
                                        "A tool's generator, of which the call is recorded.");
PyAsyncMethods generator_async;

}  // namespace

PyObject* InstrumentGenerator(PyObject* inner, PyObject* tool, PyObject* elsewhere) {
  // What only says that it makes generators, a wrapper that lists their items say, has no steps.
  if (!PyIter_Check(inner)) {
    if (elsewhere != nullptr) EndRecordedElsewhere(elsewhere, tool);
    return inner;
  }
  return MakeStepped(&generator_type, inner, inner, tool, elsewhere, /*yields=*/true);
}

bool ReadyInstrumentedGeneratorType() {
  PrepareSteppedType(generator_type);
  generator_async.am_send = Guarded<&StepSend>;
  generator_type.tp_as_async = &generator_async;
  generator_type.tp_iter = [](PyObject* self) { return Py_NewRef(self); };
  generator_type.tp_iternext = Guarded<&StepNext>;
  generator_type.tp_methods = stepped_methods;
  return PyType_Ready(&generator_type) == 0;
}

}  // namespace toolvitals
