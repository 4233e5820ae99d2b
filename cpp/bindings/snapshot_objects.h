// Snapshots as Python objects: the JSON that the endpoint serves, parsed.
// Floor: bindings.
#pragma once

#include <string_view>

#include "bindings/python.h"
#include "render/render_options.h"

namespace toolvitals {

// Called once, before the others; false with an exception set.
bool PrepareSnapshotObjects();

// New references, or nullptr with an exception. The GIL is released while cells are read and rendered.
PyObject* ToolDict(std::string_view name);   // None for a tool that was never registered
PyObject* CacheDict(std::string_view name);  // None for a cache that was never registered
PyObject* SystemDict();
PyObject* AllDict();

// The parts of a fresh snapshot, see snapshot_values.h.
PyObject* ReadSnapshotParts();

// The bytes of an exposition format of a fresh snapshot; ValueError for an unknown format.
PyObject* RenderedBytes(std::string_view format, const RenderOptions& options);

// The text of the families of tools and caches, as bytes, and a tuple of their names.
PyObject* ToolText(bool open_metrics);
// These families as values, by name.
PyObject* ReadToolFamilies();

}  // namespace toolvitals
