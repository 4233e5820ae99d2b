// Definitions from Python's arguments, and values as Python's objects.
// Floor: bindings.
#pragma once

#include <optional>
#include <utility>

#include "bindings/python.h"
#include "model/family_snapshot.h"
#include "registry/family.h"

namespace toolvitals {

// The arguments of Instrument._define(); nullopt with an exception.
std::optional<std::pair<FamilyDefinition, FamilyOptions>> DefinitionFromPython(InstrumentKind kind, PyObject* args,
                                                                               PyObject* keywords);

// What the types' own functions are made of.
PyObject* ToPython(const Number& number);
// Since when a series counts: Unix time in seconds.
PyObject* Created(const Series& series);
// (labels, value, Unix time in seconds); a new reference.
PyObject* ExemplarToPython(const Exemplar& exemplar);

// One series as Instrument._read() tells it, with its label values; a new tuple, or nullptr with an exception.
PyObject* ValuesToPython(Family& family, Series& series, PyObject* labels);

// The label values of a series as a new tuple, None for the overflow series; nullptr with an exception.
PyObject* LabelsToPython(const Family& family, const Series& series);

// All series of a family; a new list.
PyObject* AllToPython(Family& family);

}  // namespace toolvitals
