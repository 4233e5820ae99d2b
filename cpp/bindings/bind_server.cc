// Server: the running endpoints.
// Floor: bindings.
#include <pybind11/pybind11.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>

#include "bindings/bind.h"
#include "bindings/errors.h"
#include "collector/collector.h"
#include "fleet/process_fleet.h"
#include "serve/route_table.h"
#include "serve/server.h"
#include "snapshot/collect.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

class ServerHandle {
 public:
  // With whom a port is shared: nobody, the processes of the same directory, or any of this user's that shares it too.
  enum class Sharing { kNone, kOfService, kOfUser };

  ServerHandle(const std::string& host, std::optional<uint16_t> json_port, std::optional<uint16_t> prometheus_port,
               const std::string& auth_token, Sharing share_ports, int port_attempts)
      : owner_(getpid()) {
    ServerOptions options;
    options.host = host;
    options.auth_token = auth_token;
    // Owned by the loop's thread, which is the only one to read through it.
    Collector& collector = Collector::Global();
    auto reader =
        std::make_shared<SnapshotReader>(collector, &SourceList::Global(), std::make_unique<ProcessFleet>(collector));
    options.snapshot = [reader] { return reader->Read(); };
    options.observe_scrape = [](std::chrono::nanoseconds took) {
      Collector::Global().CountScrape(static_cast<uint64_t>(took.count()));
    };
    if (json_port.has_value()) options.listeners.push_back({*json_port, "json"});
    if (prometheus_port.has_value()) options.listeners.push_back({*prometheus_port, "prometheus"});
    options.port_attempts = port_attempts;
    options.routes = &RouteTable::Global();
    if (share_ports == Sharing::kOfService) options.is_our_port = &IsOurs;
    if (share_ports == Sharing::kOfUser) options.is_our_port = [](uint16_t) { return true; };
    absl::StatusOr<std::unique_ptr<Server>> server = [&] {
      const py::gil_scoped_release released;
      return Server::Start(std::move(options));
    }();
    ThrowUnlessOk(server.status());
    server_ = *std::move(server);
    size_t listener = 0;
    if (json_port.has_value()) json_port_ = server_->ports()[listener++];
    if (prometheus_port.has_value()) prometheus_port_ = server_->ports()[listener];
    SayPorts(json_port_.value_or(0), prometheus_port_.value_or(0));
  }

  ~ServerHandle() {
    const py::gil_scoped_release released;
    server_.reset();
  }

  std::optional<uint16_t> json_port() const { return json_port_; }
  std::optional<uint16_t> prometheus_port() const { return prometheus_port_; }

  // A forked child has the object but not the thread.
  bool running() const { return !stopped_ && owner_ == getpid() && server_->running(); }

  void Stop() {
    stopped_ = true;
    const py::gil_scoped_release released;
    server_->Stop();
    if (owner_ == getpid()) SayPorts(0, 0);
  }

 private:
  // Where other processes of the service read it. Only of ports that are open: two workers that would take each other's
  // intention for a fact could both join a stranger.
  static void SayPorts(uint16_t json_port, uint16_t prometheus_port) {
    SegmentHeader& header = Collector::Global().segment().header();
    header.json_port.store(json_port, std::memory_order_relaxed);
    header.prometheus_port.store(prometheus_port, std::memory_order_relaxed);
  }
  static bool IsOurs(uint16_t port) {
    ProcessFleet fleet(Collector::Global());
    for (const Member& member : fleet.Look().members) {
      const SegmentHeader& header = member.segment->header();
      if (member.state == MemberState::kLive && (header.json_port.load(std::memory_order_relaxed) == port ||
                                                 header.prometheus_port.load(std::memory_order_relaxed) == port)) {
        return true;
      }
    }
    return false;
  }

  const pid_t owner_;
  bool stopped_ = false;
  std::optional<uint16_t> json_port_;
  std::optional<uint16_t> prometheus_port_;
  std::unique_ptr<Server> server_;
};

py::object PortOrNone(std::optional<uint16_t> port) {
  if (!port.has_value()) return py::none();
  return py::int_(*port);
}

std::optional<uint16_t> ToPort(const py::object& object, const char* name) {
  if (object.is_none()) return std::nullopt;
  const auto port = object.cast<long>();
  if (port < 0 || port > 65535) {
    throw py::value_error(std::string(name) + " is " + std::to_string(port) + ", but must be 0 to 65535");
  }
  return static_cast<uint16_t>(port);
}

ServerHandle::Sharing ToSharing(const std::string& with) {
  if (with.empty()) return ServerHandle::Sharing::kNone;
  if (with == "service") return ServerHandle::Sharing::kOfService;
  if (with == "user") return ServerHandle::Sharing::kOfUser;
  throw py::value_error("share_ports is '" + with + "', but must be '', 'service' or 'user'");
}

}  // namespace

void BindServer(py::module_& module) {
  py::class_<ServerHandle>(
      module, "Server", py::is_final(), py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)),
      "Running endpoints. A port of None means no listener of that kind, 0 any free port.\n\n"
      "`share_ports` says who may listen on them too: '', 'service' for processes of the same directory, 'user'\n"
      "for any of this user's that share them. Where one is in use, the next ones are tried until\n"
      "there were `port_attempts`.\n"
      "OSError names a port in use; ValueError a bad host. Thread-safe.")
      .def(py::init([](const std::string& host, const py::object& json_port, const py::object& prometheus_port,
                       const std::string& auth_token, const std::string& share_ports, int port_attempts) {
             return std::make_unique<ServerHandle>(host, ToPort(json_port, "json_port"),
                                                   ToPort(prometheus_port, "prometheus_port"), auth_token,
                                                   ToSharing(share_ports), port_attempts);
           }),
           py::kw_only(), py::arg("host"), py::arg("json_port"), py::arg("prometheus_port"), py::arg("auth_token"),
           py::arg("share_ports") = "", py::arg("port_attempts") = 1)
      .def_property_readonly("json_port", [](const ServerHandle& self) { return PortOrNone(self.json_port()); })
      .def_property_readonly("prometheus_port",
                             [](const ServerHandle& self) { return PortOrNone(self.prometheus_port()); })
      .def_property_readonly("running", &ServerHandle::running)
      .def("stop", &ServerHandle::Stop, "Closes every socket and joins the thread. Idempotent.");
}

}  // namespace toolvitals
