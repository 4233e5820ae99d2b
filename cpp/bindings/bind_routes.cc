// Routes that the package publishes at the endpoints of the process: stored pages, and what Python answers.
// Floor: bindings.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "bindings/bind.h"
#include "bindings/delegates.h"
#include "bindings/errors.h"
#include "serve/route_table.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

void CheckPort(const std::string& port) {
  if (port.empty() || port == "json" || port == "prometheus") return;
  throw py::value_error("port is '" + port + "', but must be '', 'json' or 'prometheus'");
}

void Publish(Route route) {
  absl::Status status;
  {
    const py::gil_scoped_release released;
    status = RouteTable::Global().Put(std::move(route));
  }
  ReleaseDroppedHandlers();
  ThrowUnlessOk(status);
}

void PublishPage(std::string path, const py::bytes& body, std::string content_type, std::string cache_control,
                 const StoredPage::Fields& headers, bool prefix, bool needs_auth, std::string port) {
  CheckPort(port);
  std::string bytes = body;
  absl::StatusOr<std::shared_ptr<const StoredPage>> page = [&] {
    const py::gil_scoped_release released;
    return StoredPage::Make(std::move(bytes), std::move(content_type), std::move(cache_control), headers);
  }();
  ThrowUnlessOk(page.status());
  Publish({.path = std::move(path),
           .is_prefix = prefix,
           .needs_auth = needs_auth,
           .port = std::move(port),
           .answer = *std::move(page)});
}

void AddDelegate(std::string path, const py::function& handler, double deadline_s, bool prefix, bool needs_auth,
                 std::string port) {
  CheckPort(port);
  constexpr double kMaxDeadline = 3600;
  if (!(deadline_s > 0) || deadline_s > kMaxDeadline) {
    throw py::value_error("deadline_s is " + std::string(py::str(py::float_(deadline_s))) +
                          ", but must be above 0 and at most 3600");
  }
  const std::chrono::milliseconds deadline(std::llround(std::ceil(deadline_s * 1000)));
  Publish({.path = std::move(path),
           .is_prefix = prefix,
           .needs_auth = needs_auth,
           .port = std::move(port),
           .answer = MakePythonDelegate(handler.ptr(), deadline)});
}

bool RemoveRoute(const std::string& path) {
  bool removed = false;
  {
    const py::gil_scoped_release released;
    removed = RouteTable::Global().Remove(path);
  }
  ReleaseDroppedHandlers();
  return removed;
}

}  // namespace

void BindRoutes(py::module_& module) {
  ThrowUnlessOk(PrepareDelegates());
  module.def(
      "publish_page", &PublishPage, py::arg("path"), py::arg("body"), py::kw_only(), py::arg("content_type"),
      py::arg("cache_control") = "no-cache", py::arg("headers") = StoredPage::Fields(), py::arg("prefix") = false,
      py::arg("needs_auth") = true, py::arg("port") = "",
      "Has every endpoint of this process answer the path with these bytes, in place of what was there, without "
      "the\ninterpreter: with an ETag, 304, and gzip where accepted; with `port`, 'json' or 'prometheus', that one "
      "alone.\nValueError names a path that no request can have. Thread-safe.");
  module.def("add_delegate", &AddDelegate, py::arg("path"), py::arg("handler"), py::kw_only(), py::arg("deadline_s"),
             py::arg("prefix") = false, py::arg("needs_auth") = true, py::arg("port") = "",
             "Has handler(path, query) answer the path at every endpoint of this process, or at that one: it returns a "
             "status,\na content type and the body. One thread calls all handlers; a request without an answer after "
             "`deadline_s` seconds "
             "gets 503.\nThread-safe.");
  module.def("remove_route", &RemoveRoute, py::arg("path"), "False where nothing is published at that path.");
}

}  // namespace toolvitals
