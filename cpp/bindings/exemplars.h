// Exemplars of records: labels that were given, or those of the trace that is current.
// Floor: bindings.
#pragma once

#include <atomic>
#include <cstddef>

#include "bindings/python.h"

namespace toolvitals {

struct InstrumentObject;

// Whether there is a provider of exemplars, which hot paths ask.
extern std::atomic<bool> samples_exemplars;
inline bool SamplesExemplars() { return samples_exemplars.load(std::memory_order_relaxed); }

// Keeps an exemplar of a record that was made: the given labels, or, where `labels` is nullptr or None, those of the
// provider. A series asks the provider ten times a second at most. False with an exception for labels that are none.
bool KeepExemplar(InstrumentObject* self, size_t bucket, double amount, PyObject* labels);

// Whether label names must be ASCII identifiers, as before Prometheus 3; at first they may be any text.
void SetLegacyNames(bool legacy);

// A callable that returns a dict of labels, or None; None for no provider.
void SetExemplarProvider(PyObject* provider);

}  // namespace toolvitals
