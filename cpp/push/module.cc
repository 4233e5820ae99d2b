// toolvitals._push: the Pusher for Python, which wraps it in toolvitals.exporters.pushgateway.
// Floor: push.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "push/pusher.h"
#include "toolvitals/api.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

using Seconds = std::chrono::duration<double>;

const toolvitals_api& Api() {
  const void* const api = PyCapsule_Import(TOOLVITALS_API_CAPSULE, 0);
  if (api == nullptr) throw py::error_already_set();
  return *static_cast<const toolvitals_api*>(api);
}

std::chrono::nanoseconds ToNanos(double seconds) {
  // Seconds of a century still fit into nanoseconds of 64 bits.
  if (!(seconds > 0) || seconds > 3e9) throw py::value_error("seconds must be more than 0, and less than 3e9");
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(seconds));
}

// What happened and its number, or None where all is well.
py::object ToPython(const PushOutcome& outcome) {
  const auto told = [&](const char* what) { return py::make_tuple(what, outcome.code); };
  switch (outcome.kind) {
    case PushOutcome::Kind::kDone:
      return py::none();
    case PushOutcome::Kind::kRefused:
      return told("refused");
    case PushOutcome::Kind::kUnreachable:
      return told("unreachable");
    case PushOutcome::Kind::kTimedOut:
      return told("timed out");
    case PushOutcome::Kind::kBusy:
      break;
  }
  return told("busy");
}

py::object Perform(Pusher& self, PushOperation operation, double timeout_s) {
  const std::chrono::nanoseconds timeout = ToNanos(timeout_s);
  PushOutcome outcome;
  {
    const py::gil_scoped_release released;
    outcome = self.Perform(operation, timeout);
  }
  return ToPython(outcome);
}

py::dict ToDict(const py::handle& pairs) { return py::reinterpret_borrow<py::dict>(pairs); }

}  // namespace

PYBIND11_MODULE(_push, module, py::mod_gil_not_used()) {
  module.doc() = "Pushes to a Prometheus Pushgateway without the GIL.";
  py::class_<Pusher>(module, "Pusher", py::is_final(), py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)),
                     "Pushes all that toolvitals has. Thread-safe.")
      .def(py::init([](std::string host, std::string port, std::string job, const py::dict& grouping,
                       std::string username, std::string password) {
             Pusher::Options options{std::move(host),     std::move(port),    std::move(job), {},
                                     std::move(username), std::move(password)};
             for (const auto& [name, value] : ToDict(grouping)) {
               options.grouping.emplace(name.cast<std::string>(), value.cast<std::string>());
             }
             return std::make_unique<Pusher>(Api(), std::move(options));
           }),
           py::arg("host"), py::arg("port"), py::arg("job"), py::arg("grouping"), py::arg("username"),
           py::arg("password"))
      .def(
          "replace", [](Pusher& self, double timeout) { return Perform(self, PushOperation::kReplace, timeout); },
          py::arg("timeout_s"))
      .def(
          "add", [](Pusher& self, double timeout) { return Perform(self, PushOperation::kAdd, timeout); },
          py::arg("timeout_s"))
      .def(
          "delete", [](Pusher& self, double timeout) { return Perform(self, PushOperation::kDelete, timeout); },
          py::arg("timeout_s"))
      .def("begin_afresh_in_child", &Pusher::BeginAfreshInChild)
      .def_property_readonly("successes", &Pusher::successes)
      .def_property_readonly("failures", &Pusher::failures);
}

}  // namespace toolvitals
