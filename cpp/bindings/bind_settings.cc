// configure(), render() and the other functions of the module that are no hot path.
// Floor: bindings.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "bindings/bind.h"
#include "bindings/drops.h"
#include "bindings/errors.h"
#include "bindings/exemplars.h"
#include "bindings/fold_notices.h"
#include "bindings/gc_counters.h"
#include "bindings/name_options.h"
#include "bindings/snapshot_objects.h"
#include "collector/collector.h"
#include "registry/names.h"
#include "snapshot/python_version.h"
#include "sources/process.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

void Configure(uint64_t window_size, const std::string& quantile_method, uint64_t max_series, uint64_t memory_limit_mb,
               const std::string& name_prefix, const std::string& window_label, bool strict) {
  CollectorOptions options;
  options.window_size = window_size;
  if (quantile_method == "inclusive") {
    options.quantile_method = QuantileMethod::kInclusive;
  } else if (quantile_method != "exclusive") {
    throw py::value_error("quantile_method is '" + quantile_method + "', but must be 'exclusive' or 'inclusive'");
  }
  options.max_series = max_series;
  options.memory_limit_mb = memory_limit_mb;
  options.name_prefix = name_prefix.empty() ? "" : name_prefix + "_";
  options.window_label = window_label;
  // The GIL is kept: with serialized writers it is what keeps a record from falling between two rings.
  ThrowUnlessOk(Collector::Global().Configure(options));
  SetStrict(strict);
}

py::bytes Render(const std::string& format, const std::vector<std::string>& names) {
  PyObject* bytes = RenderedBytes(format, OptionsFor(names));
  if (bytes == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(bytes);
}

void CountDropped(const std::string& reason) {
  const std::optional<DropReason> found = FindDropReason(reason);
  if (!found.has_value()) throw py::value_error("unknown drop reason '" + reason + "'");
  Collector::Global().CountDropped(*found);
}

// Says in the segment, where readers of a shared directory find it, which interpreter this is.
void SayPythonVersion() {
  const std::string_view banner = Py_GetVersion();
  const bool is_modified = banner.substr(0, banner.find(' ')).ends_with('+');
  const auto hex_version = py::module_::import("sys").attr("hexversion").cast<uint32_t>();
  const size_t gc_generations = py::len(py::module_::import("gc").attr("get_stats")());
  Collector::Global().segment().header().python_version.store(
      PythonVersionWord(hex_version, is_modified, gc_generations), std::memory_order_relaxed);
}

}  // namespace

void BindSettings(py::module_& module) {
  SayPythonVersion();
  module.def("configure", &Configure, py::kw_only(), py::arg("window_size"), py::arg("quantile_method"),
             py::arg("max_series"), py::arg("memory_limit_mb"), py::arg("namespace"), py::arg("window_label") = "q",
             py::arg("strict"),
             "Applies settings that were already validated; ValueError where a store in use cannot take them.");
  module.def("render", &Render, py::arg("format"), py::arg("names") = py::tuple(),
             "The exposition of a fresh snapshot, as bytes; of text formats and protobuf, with names, the families\n"
             "alone that have one of them or a sample of that name. ValueError for an unknown format.");
  module.def(
      "set_drop_logger", [](const py::object& logger) { SetDropLogger(logger.ptr()); }, py::arg("logger"),
      "Sets what is called, once per reason, when a record is dropped; None for nothing.");
  module.def(
      "set_fold_logger", [](const py::object& logger) { SetFoldLogger(logger.ptr()); }, py::arg("logger"),
      "Sets what is called, once per family, when label sets begin to be folded: with its name, a reason and a limit.");
  module.def(
      "tell_folds",
      [] {
        if (!TellFolds()) throw py::error_already_set();
      },
      "Calls that logger for the families that native threads have folded label sets of.");
  module.def("set_legacy_names", &SetLegacyNames, py::arg("legacy"),
             "Whether the label names of exemplars must be ASCII identifiers.");
  module.def(
      "set_exemplar_provider", [](const py::object& provider) { SetExemplarProvider(provider.ptr()); },
      py::arg("provider"),
      "Sets what gives the labels of exemplars, a dict or None; a series asks it ten times a second at most.");
  module.def(
      "stand_still",
      [](const std::optional<std::string>& proc_root) {
        SetProcRoot(proc_root.value_or("/proc"));
        if (proc_root.has_value()) {
          Clock::StandStill();
        } else {
          Clock::LetGo();
        }
      },
      py::arg("proc_root"),
      "For tests: stops the core's clocks, and has what the kernel tells of processes read from another folder than\n"
      "/proc, so that all snapshots are of one instant. None lets them go on.");
  module.def("count_dropped", &CountDropped, py::arg("reason"), "Counts a record that Python code had to drop.");
  module.def(
      "install_gc_counters",
      [] {
        if (!InstallGcCounters()) throw py::error_already_set();
      },
      "Appends the core's counter of collections to gc.callbacks, once.");
}

}  // namespace toolvitals
