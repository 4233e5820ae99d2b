// Calling the program's logger about families that are folded. Floor: bindings.
#include "bindings/fold_notices.h"

#include <new>

#include "bindings/shared_ref.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

SharedRef fold_logger;

const char* NameOf(FoldReason reason) {
  switch (reason) {
    case FoldReason::kFamilyLimit:
      return "family_limit";
    case FoldReason::kSeriesLimit:
      return "series_limit";
    case FoldReason::kMemoryLimit:
      return "memory_limit";
    case FoldReason::kFileSystem:
      return "file_system";
    case FoldReason::kValueBytes:
      return "value_bytes";
    case FoldReason::kNotUtf8:
      return "not_utf8";
    case FoldReason::kErrorTypes:
      return "error_types";
  }
  return "";
}

bool Tell(const Fold& fold) {
  const OwnedRef logger = fold_logger.Get();
  if (!logger) return true;
  const OwnedRef result(PyObject_CallFunction(logger.get(), "s#sK", fold.family.data(),
                                              static_cast<Py_ssize_t>(fold.family.size()), NameOf(fold.reason),
                                              static_cast<unsigned long long>(fold.limit)));
  if (result) return true;
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

}  // namespace

void SetFoldLogger(PyObject* logger) { fold_logger.Set(logger); }

bool TellFolds() {
  if (!Collector::Global().has_folds()) [[likely]]
    return true;
  // Taken before the calls: a logging handler that itself makes label sets comes back here and finds it done.
  for (const Fold& fold : Collector::Global().TakeFolds()) {
    if (!Tell(fold)) return false;
  }
  return true;
}

void TellFoldsQuietly() {
  try {
    if (TellFolds()) return;
  } catch (const std::bad_alloc&) {
    return;
  }
  if (PyErr_ExceptionMatches(PyExc_KeyboardInterrupt)) PyErr_SetInterrupt();
  PyErr_Clear();
}

}  // namespace toolvitals
