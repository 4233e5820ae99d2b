// A text that was rendered, lent to Python without a copy.
// Floor: bindings.
#pragma once

#include <memory>
#include <string>

#include "bindings/python.h"

namespace toolvitals {

// An empty string to render into, with the memory of an earlier one where there is one. Texts of a megabyte are made of
// fresh pages otherwise, and the kernel's clearing of these takes longer than the rendering.
std::unique_ptr<std::string> TakeTextMemory();

// A memoryview of the text, whose slices share it. When the last of them is gone, so is the text, and its memory is
// kept for the next one. A new reference, or nullptr with an exception.
PyObject* NewTextView(std::unique_ptr<std::string> text);

bool ReadyRenderedTextType();

}  // namespace toolvitals
