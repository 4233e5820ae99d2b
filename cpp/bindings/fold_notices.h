// Tells the program, once for each family, that new label sets of it are folded into its overflow series.
// Floor: bindings.
#pragma once

#include "bindings/python.h"

namespace toolvitals {

// Called with a family's name, the reason's name and the limit; None or nullptr for nobody. Takes its own reference.
void SetFoldLogger(PyObject* logger);

// Tells what was noted since it was last told, also by native threads. Runs Python code (the logger), so no lock may be
// held; no exception may be set on entry. False where the logger raised what is not ours to swallow.
bool TellFolds();

// The same where nothing can be raised: an interruption is put off, and anything else that was raised is lost.
void TellFoldsQuietly();

}  // namespace toolvitals
