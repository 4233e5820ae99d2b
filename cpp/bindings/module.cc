// toolvitals._core: the table of contents.
// Floor: bindings.
#include <pybind11/pybind11.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <utility>

#include "bindings/bind.h"
#include "bindings/cache_type.h"
#include "bindings/collector_type.h"
#include "bindings/counted_lru_type.h"
#include "bindings/errors.h"
#include "bindings/instrument_type.h"
#include "bindings/instrumented_async_generator.h"
#include "bindings/instrumented_callable.h"
#include "bindings/instrumented_coroutine.h"
#include "bindings/instrumented_function.h"
#include "bindings/instrumented_generator.h"
#include "bindings/lru_type.h"
#include "bindings/recorded_elsewhere.h"
#include "bindings/recorder.h"
#include "bindings/rendered_text.h"
#include "bindings/snapshot_objects.h"
#include "bindings/tool_type.h"
#include "bindings/track_type.h"
#include "collector/collector.h"

namespace py = pybind11;

namespace {

// pybind11 throws a std::runtime_error where CPython has no memory for an object, which has raised MemoryError by then.
void KeepMemoryError(std::exception_ptr thrown) {
  try {
    std::rethrow_exception(std::move(thrown));
  } catch (const std::runtime_error&) {
    if (!PyErr_ExceptionMatches(PyExc_MemoryError)) throw;
  }
}

}  // namespace

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
  using namespace toolvitals;
  module.doc() = "The C++ core of toolvitals; use it through the toolvitals package.";
  module.attr("__version__") = TOOLVITALS_VERSION;

  // The C++ library allocates what a thread needs to throw when it first throws, and ends the process where it cannot.
  // Relaxed: nobody reads it, and it keeps the call from being left out.
  static std::atomic<int> thrown_now;
  thrown_now.store(std::uncaught_exceptions(), std::memory_order_relaxed);
  py::register_local_exception_translator(&KeepMemoryError);
  ThrowUnlessOk(Collector::InitGlobal());

  // The hot paths: types of CPython's own making, which pybind11's dispatcher never sees.
  PyObject* const object = module.ptr();
  if (!PrepareSnapshotObjects() || !ReadyRenderedTextType() || !AddToolMetricsType(object) ||
      !AddCacheMetricsType(object) || !AddLruType(object) || !AddCountedLruType(object) || !AddCollectorType(object) ||
      !AddInstrumentBase(object) || !AddCounterType(object) || !AddGaugeType(object) || !AddHistogramType(object) ||
      !AddSummaryType(object) || !AddInfoType(object) || !AddStateSetType(object) || !AddTrackType(object) ||
      !AddRecordedElsewhere(object) || !AddRecorderType(object) || !AddInstrumentedFunction(object) ||
      !AddInstrumentedCallableType(object) || !ReadyInstrumentedCoroutineType() || !ReadyInstrumentedGeneratorType() ||
      !ReadyInstrumentedAsyncGeneratorTypes()) {
    throw py::error_already_set();
  }

  BindSettings(module);
  BindServer(module);
  BindRoutes(module);
  BindIngest(module);
  BindSharing(module);
  BindClientText(module);
  BindSources(module);
  BindSnapshot(module);
}
