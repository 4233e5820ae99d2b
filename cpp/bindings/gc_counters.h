// Counting garbage collections, so that a scrape need not ask the interpreter.
// Floor: bindings.
#pragma once

namespace toolvitals {

// Appends a counter to gc.callbacks, once, beginning with what gc.get_stats() says by now. False with an exception set.
bool InstallGcCounters();

}  // namespace toolvitals
