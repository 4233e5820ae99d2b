// Routes that Python answers, on one thread of the system's own.
// Floor: bindings.
#pragma once

#include <chrono>
#include <memory>

#include "absl/status/status.h"
#include "bindings/python.h"
#include "serve/delegate.h"

namespace toolvitals {

// Calls `handler(path, query)`, which returns a status, a content type and the body as bytes; what it raises is said as
// unraisable, and answered with 500. One thread calls all handlers, one after the other: one that hangs leaves the
// others without an answer, but no server. The GIL is held.
std::shared_ptr<Delegate> MakePythonDelegate(PyObject* handler, std::chrono::milliseconds deadline);

// Lets go of handlers that were given up where the GIL was not held. Now it is.
void ReleaseDroppedHandlers();

// For the module, once.
absl::Status PrepareDelegates();

}  // namespace toolvitals
