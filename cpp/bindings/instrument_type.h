// What the instruments have in common as Python sees them: a family, children with labels, and reading.
// Floor: bindings.
//
// Each kind is a type that Python classes derive from (toolvitals.prometheus.metrics); they check arguments and name
// things, and the methods that record are the ones from here. An instrument is a family's parent, which has children by
// label values, or has a series to record into: a child, and a parent without labels.
#pragma once

#include <memory>

#include "bindings/attribute_table.h"
#include "bindings/child_table.h"
#include "bindings/python.h"
#include "registry/family.h"

namespace toolvitals {

struct InstrumentObject {
  PyObject_HEAD
  SeriesRecord* record;  // of the series; nullptr where there is none to record into
  bool touches;          // whether each record has to be counted or timed
  bool is_frozen;        // whether a function gives the value, so that recording changes nothing
  bool is_set_only;      // a gauge that adding to is a mistake
  std::shared_ptr<Family> family;
  std::shared_ptr<Series> series;
  PyObject* label_values;  // a tuple of str, or of a child with attributes their dict; nullptr of a parent
  ChildTable children;     // of a parent
  PyObject* overflow;      // of a parent: the child that refused label sets share, once there is one
  std::unique_ptr<AttributeTable> attributes;  // of an open parent: the children, in the place of `children`
  uint64_t swept_ns;                           // of a parent: when children that expired were last looked for
};

inline InstrumentObject* AsInstrument(PyObject* self) { return reinterpret_cast<InstrumentObject*>(self); }

// What to record into; nullptr with a ValueError for a parent whose labels are missing, or that was never defined.
SeriesRecord* UnusualRecordOf(InstrumentObject* self);
inline SeriesRecord* RecordOf(InstrumentObject* self) {
  if (self->record == nullptr || self->touches) [[unlikely]]
    return UnusualRecordOf(self);
  return self->record;
}

// A number as a double. False with an exception that is the argument's own fault.
inline bool ToAmount(PyObject* object, double* amount) {
  if (PyFloat_CheckExact(object)) [[likely]] {
    *amount = PyFloat_AS_DOUBLE(object);
    return true;
  }
  *amount = PyFloat_AsDouble(object);
  return *amount != -1.0 || PyErr_Occurred() == nullptr;
}

// A child of the series; a new reference. Takes over neither.
PyObject* MakeChild(InstrumentObject* parent, PyObject* label_values, std::shared_ptr<Series> series);
// The child that all refused label sets share; a new reference.
PyObject* OverflowChild(InstrumentObject* parent);

// One series as Instrument._read() tells it, with its label values; a new tuple, or nullptr with an exception.
using SeriesToPython = PyObject* (*)(Family& family, Series& series, PyObject* labels);

// Fills in what the types have in common and adds one to the module. `methods` are those of its kind.
bool AddInstrumentType(PyObject* module, PyTypeObject& type, InstrumentKind kind, PyMethodDef* methods,
                       SeriesToPython to_python);
// nullptr for a kind that no type has.
SeriesToPython ReaderOf(InstrumentKind kind);

bool AddCounterType(PyObject* module);
bool AddGaugeType(PyObject* module);
bool AddHistogramType(PyObject* module);
bool AddSummaryType(PyObject* module);
bool AddInfoType(PyObject* module);
bool AddStateSetType(PyObject* module);

// The type all of them derive from.
extern PyTypeObject instrument_type;
bool AddInstrumentBase(PyObject* module);

}  // namespace toolvitals
