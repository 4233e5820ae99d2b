// FamilyStore and CollectorRecord: what Python collects, and how that goes, for scrapes that do not wait for Python.
// Floor: bindings.
#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <utility>

#include "bindings/bind.h"
#include "bindings/gil.h"
#include "bindings/metric_families.h"
#include "bindings/refresh_crew.h"
#include "bridge/api.h"
#include "sources/collector_records.h"
#include "sources/source_list.h"
#include "sources/stored_source.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

class FamilyStore {
 public:
  FamilyStore()
      : source_(std::make_shared<StoredSource>(GlobalRefreshDemand())), id_(SourceList::Global().Add(source_)) {}
  ~FamilyStore() {
    const py::gil_scoped_release released;
    SourceList::Global().Remove(id_);
  }
  FamilyStore(const FamilyStore&) = delete;
  FamilyStore& operator=(const FamilyStore&) = delete;

  void Store(const py::iterable& metrics) {
    std::vector<FamilySnapshot> families = FamiliesOfMetrics(metrics);
    WithoutGil([&] { source_->Store(std::move(families)); });
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
  SourceList::Global();
  CollectorRecords::Global();
  const py::handle type(reinterpret_cast<PyObject*>(&PyType_Type));

  py::class_<FamilyStore>(module, "FamilyStore", py::is_final(), py::metaclass(type),
                          "Families that endpoints show until others are stored, without asking Python.\n\n"
                          "Thread-safe.")
      .def(py::init<>())
      .def("store", &FamilyStore::Store, py::arg("metrics"),
           "Shows the families of these Metric objects, prometheus_client's or toolvitals', as of now.")
      .def("close", &FamilyStore::Close, "Shows nothing any more. Idempotent.");

  py::class_<CollectorRecord, std::shared_ptr<CollectorRecord>>(
      module, "CollectorRecord", py::is_final(), py::metaclass(type),
      "How a collector fares, in toolvitals_collector_* and in the JSON; several of one name are one.\n\n"
      "Thread-safe.")
      .def(py::init([](const std::string& name) { return CollectorRecords::Global().Add(name); }), py::arg("name"))
      .def("succeed", &CollectorRecord::Succeed, "It gave what it has, now.")
      .def(
          "fail", [](CollectorRecord& self) { self.tally().CountFailure(); }, "It raised.");

  BindRefreshCrew(module);
  module.attr("_api") = py::capsule(static_cast<const void*>(&GlobalApi()), TOOLVITALS_API_CAPSULE);
}

}  // namespace toolvitals
