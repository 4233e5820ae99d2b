// A snapshot as Python values.
// Floor: bindings. With the GIL.
#pragma once

#include <memory>

#include "bindings/python.h"
#include "model/snapshot.h"

namespace toolvitals {

// The arguments of toolvitals.snapshot.made_of(), with a capsule for the tools and one for the families, which are made
// when somebody looks at them. A new reference; nullptr with an exception set.
PyObject* SnapshotParts(const std::shared_ptr<const Snapshot>& snapshot);

// The tools by name, of a capsule that is among the parts. Likewise.
PyObject* SnapshotTools(PyObject* capsule);

// The families of tools and caches by name. Likewise.
PyObject* ToolFamilies(const Snapshot& snapshot);

// The families of `Snapshot::families` by name, those alone. Likewise.
PyObject* FamilyObjects(const Snapshot& snapshot);

// The families by name, of a capsule. Likewise.
PyObject* SnapshotFamilies(PyObject* capsule);

}  // namespace toolvitals
