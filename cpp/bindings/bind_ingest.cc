// Ingest: the running sockets that other programs send records to.
// Floor: bindings.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/const_init.h"
#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "base/fork_hooks.h"
#include "bindings/bind.h"
#include "bindings/errors.h"
#include "bindings/ingest_paused.h"
#include "collector/collector.h"
#include "ingest/ingest.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

// The one of this process. Made with the first ingest and never destroyed: what was counted stays shown, and a later
// ingest goes on counting.
absl::Mutex making(absl::kConstInit);
IngestRecorder* recorder ABSL_GUARDED_BY(making) = nullptr;

// Both mutexes are held meanwhile, which the compiler cannot follow.
void Pause() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  making.Lock();
  if (recorder != nullptr) recorder->Pause();
}
void Resume() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (recorder != nullptr) recorder->Resume();
  making.Unlock();
}
void StartAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  if (recorder != nullptr) recorder->StartAfreshInChild();
  MakeAnewInChild(making);
}

absl::StatusOr<IngestRecorder*> FindRecorder(std::vector<std::string> labels) {
  const absl::MutexLock lock(&making);
  if (recorder == nullptr) {
    auto made = IngestRecorder::Create(Collector::Global().instruments(), {.operation_labels = std::move(labels)});
    if (!made.ok()) return made.status();
    recorder = made->release();
  } else if (recorder->operation_labels() != labels) {
    return absl::InvalidArgumentError(absl::StrCat("operations of this process have the labels [",
                                                   absl::StrJoin(recorder->operation_labels(), ", "),
                                                   "] already, not [", absl::StrJoin(labels, ", "), "]"));
  }
  return recorder;
}

class IngestHandle {
 public:
  IngestHandle(std::optional<std::string> socket, std::optional<std::string> datagram_socket, unsigned mode,
               std::vector<std::string> labels)
      : owner_(getpid()), socket_(std::move(socket)), datagram_socket_(std::move(datagram_socket)) {
    absl::StatusOr<std::unique_ptr<Ingest>> ingest = [&]() -> absl::StatusOr<std::unique_ptr<Ingest>> {
      const py::gil_scoped_release released;
      const absl::StatusOr<IngestRecorder*> into = FindRecorder(std::move(labels));
      if (!into.ok()) return into.status();
      return Ingest::Start(**into, {.stream_path = socket_.value_or(""),
                                    .datagram_path = datagram_socket_.value_or(""),
                                    .mode = static_cast<mode_t>(mode)});
    }();
    ThrowUnlessOk(ingest.status());
    ingest_ = *std::move(ingest);
  }

  ~IngestHandle() {
    const py::gil_scoped_release released;
    ingest_.reset();
  }

  const std::optional<std::string>& socket() const { return socket_; }
  const std::optional<std::string>& datagram_socket() const { return datagram_socket_; }

  // A forked child has the object but not the thread.
  bool running() const { return !stopped_ && owner_ == getpid() && ingest_->running(); }

  void Stop() {
    stopped_ = true;
    const py::gil_scoped_release released;
    ingest_->Stop();
  }

 private:
  const pid_t owner_;
  bool stopped_ = false;
  const std::optional<std::string> socket_;
  const std::optional<std::string> datagram_socket_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace

IngestPaused::IngestPaused() { Pause(); }
IngestPaused::~IngestPaused() { Resume(); }

void BindIngest(py::module_& module) {
  static constexpr ForkHook kHook = {&Pause, &Resume, &StartAfreshInChild};
  ThrowUnlessOk(SetForkHook(ForkPlace::kIngest, &kHook));
  py::class_<IngestHandle>(module, "Ingest", py::is_final(), py::metaclass(reinterpret_cast<PyObject*>(&PyType_Type)),
                           "Running Unix sockets that other programs send records to; a path of None means no socket\n"
                           "of that kind. `labels` are those of operations that become labels of their metrics, the\n"
                           "same for every Ingest of a process.\n\n"
                           "OSError names a path that is in use or cannot be made; ValueError a bad argument.\n"
                           "Thread-safe.")
      .def(py::init<std::optional<std::string>, std::optional<std::string>, unsigned, std::vector<std::string>>(),
           py::kw_only(), py::arg("socket"), py::arg("datagram_socket"), py::arg("mode"), py::arg("labels"))
      .def_property_readonly("socket", &IngestHandle::socket)
      .def_property_readonly("datagram_socket", &IngestHandle::datagram_socket)
      .def_property_readonly("running", &IngestHandle::running)
      .def("stop", &IngestHandle::Stop,
           "Lets nobody send any more, takes in what was sent before, removes the sockets' paths, and joins the\n"
           "thread. Idempotent.");
}

}  // namespace toolvitals
