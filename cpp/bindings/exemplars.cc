// Exemplars of records: labels that were given, or those of the trace that is current.
// Floor: bindings.
#include "bindings/instrument_type.h"

namespace toolvitals {

bool samples_exemplars = false;

bool KeepExemplar(InstrumentObject*, size_t, double, PyObject*) { return true; }

}  // namespace toolvitals
