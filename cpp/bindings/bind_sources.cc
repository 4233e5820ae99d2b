// FamilyStore and refresh_demand: what Python collects, for scrapes that do not wait for Python.
// Floor: bindings.
#include <pthread.h>
#include <pybind11/pybind11.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "bindings/bind.h"
#include "bindings/metric_families.h"
#include "bridge/api.h"
#include "snapshot/refresh_demand.h"
#include "snapshot/source_list.h"
#include "snapshot/stored_source.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

using Seconds = std::chrono::duration<double>;

RefreshDemand::Duration ToDuration(double seconds) {
  // Seconds of a century still fit into nanoseconds of 64 bits.
  if (!(seconds > 0) || seconds > 3e9) throw py::value_error("seconds must be more than 0, and less than 3e9");
  return std::chrono::duration_cast<RefreshDemand::Duration>(Seconds(seconds));
}

// Never destroyed: a thread may still wait for it while the program ends.
RefreshDemand& Demand() {
  static RefreshDemand* const demand = new RefreshDemand;
  return *demand;
}

void BeginAfreshInChild() { Demand().BeginAfreshInChild(); }

class FamilyStore {
 public:
  FamilyStore() : source_(std::make_shared<StoredSource>(Demand())), id_(SourceList::Global().Add(source_)) {}
  ~FamilyStore() {
    const py::gil_scoped_release released;
    SourceList::Global().Remove(id_);
  }
  FamilyStore(const FamilyStore&) = delete;
  FamilyStore& operator=(const FamilyStore&) = delete;

  void Store(const py::iterable& metrics) {
    std::vector<FamilySnapshot> families = FamiliesOfMetrics(metrics);
    const py::gil_scoped_release released;
    source_->Store(std::move(families));
  }

  void Close() {
    const py::gil_scoped_release released;
    SourceList::Global().Remove(id_);
  }

 private:
  const std::shared_ptr<StoredSource> source_;
  const SourceList::Id id_;
};

}  // namespace

void BindSources(py::module_& module) {
  Demand();
  SourceList::Global();
  pthread_atfork(nullptr, nullptr, &BeginAfreshInChild);
  const py::handle type(reinterpret_cast<PyObject*>(&PyType_Type));

  py::class_<FamilyStore>(module, "FamilyStore", py::is_final(), py::metaclass(type),
                          "Families that endpoints show until others are stored, without asking Python.\n\n"
                          "Thread-safe.")
      .def(py::init<>())
      .def("store", &FamilyStore::Store, py::arg("metrics"),
           "Shows the families of these Metric objects, prometheus_client's or toolvitals', as of now.")
      .def("close", &FamilyStore::Close, "Shows nothing any more. Idempotent.");

  py::class_<RefreshDemand>(module, "RefreshDemand", py::is_final(), py::metaclass(type),
                            "Tells when what Python collects should be collected anew. Thread-safe.")
      .def(
          "wait",
          [](RefreshDemand& self, double patience) {
            const RefreshDemand::Duration duration = ToDuration(patience);
            const py::gil_scoped_release released;
            return self.Wait(duration);
          },
          py::arg("patience"), "Waits until a refresh is due: True. False after `patience` seconds, or when closed.")
      .def("ask", &RefreshDemand::AskNow, "A refresh is due at once.")
      .def("close", &RefreshDemand::Close, "Ends every wait.")
      .def("open", &RefreshDemand::Open, "Waits are possible again.")
      .def(
          "set_interval", [](RefreshDemand& self, double seconds) { self.SetInterval(ToDuration(seconds)); },
          py::arg("seconds"), "How old the values may become while there are scrapes.");
  module.attr("_api") = py::capsule(static_cast<const void*>(&GlobalApi()), TOOLVITALS_API_CAPSULE);
  module.attr("refresh_demand") = py::cast(&Demand(), py::return_value_policy::reference);
  module.def(
      "count_collector_failure", [] { SourceList::Global().CountFailure(); },
      "Counts a collector that raised, in toolvitals_collector_failures_total.");
}

}  // namespace toolvitals
