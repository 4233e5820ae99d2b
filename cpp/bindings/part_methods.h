// Methods that change one number of a distribution, for programs that reach for it.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// _add(bucket, count, amount): counts in a bucket, and adds to the sum. A series whose buckets are written so has no
// exponential ones to be shown any more, for these would not add up to the same count.
PyObject* AddToHistogram(PyObject* self, PyObject* args);
// _set_sum(amount).
PyObject* SetSumOfHistogram(PyObject* self, PyObject* amount);

// _add(count, amount) and _set_sum(amount).
PyObject* AddToSummary(PyObject* self, PyObject* args);
PyObject* SetSumOfSummary(PyObject* self, PyObject* amount);

// _keep_exemplar(bucket, amount, labels): of a counter, whose bucket is 0, or of a histogram.
PyObject* KeepExemplarOf(PyObject* self, PyObject* args);

}  // namespace toolvitals
