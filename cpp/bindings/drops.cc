// Counting, logging and raising.
// Floor: bindings.
#include "bindings/drops.h"

#include <array>
#include <atomic>
#include <cstdarg>

#include "bindings/shared_ref.h"
#include "collector/collector.h"
#include "registry/names.h"

namespace toolvitals {
namespace {

std::atomic<bool> strict_records{false};
SharedRef drop_logger;
std::array<std::atomic<bool>, static_cast<size_t>(DropReason::kCount)> logged;

// False where the logger raised something that is not ours to swallow (KeyboardInterrupt, SystemExit).
bool LogOnce(DropReason reason) {
  const OwnedRef logger = drop_logger.Get();
  if (!logger) return true;
  // Marked before the call: a logging handler that itself makes bad records comes back here and finds it done.
  if (logged[static_cast<size_t>(reason)].exchange(true, std::memory_order_relaxed)) return true;
  const OwnedRef name(ToPython(DropReasonName(reason)));
  const OwnedRef result(name ? PyObject_CallOneArg(logger.get(), name.get()) : nullptr);
  if (result) return true;
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

}  // namespace

void SetStrict(bool strict) { strict_records.store(strict, std::memory_order_relaxed); }

void SetDropLogger(PyObject* logger) { drop_logger.Set(logger); }

PyObject* Drop(DropReason reason, PyObject* exception_type, const char* format, ...) {
  Collector::Global().CountDropped(reason);
  if (strict_records.load(std::memory_order_relaxed)) {
    va_list values;
    va_start(values, format);
    PyErr_FormatV(exception_type, format, values);
    va_end(values);
    return nullptr;
  }
  if (!LogOnce(reason)) return nullptr;
  Py_RETURN_NONE;
}

}  // namespace toolvitals
