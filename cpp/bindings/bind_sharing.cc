// share() and its kin: who else sees what this process records.
// Floor: bindings.
#include <pybind11/pybind11.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "bindings/bind.h"
#include "bindings/errors.h"
#include "bindings/ingest_paused.h"
#include "collector/collector.h"
#include "fleet/process_fleet.h"
#include "store/segment_directory.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

// The directory that the process's segment lies in; nullptr where it lies in none.
std::shared_ptr<SegmentDirectory> Directory() {
  return std::dynamic_pointer_cast<SegmentDirectory>(Collector::Global().sharing().place);
}

[[noreturn]] void RaiseOsError(int code, const absl::Status& status) {
  const py::object error = py::module_::import("builtins").attr("OSError")(code, std::string(status.message()));
  PyErr_SetObject(py::type::of(error).ptr(), error.ptr());
  throw py::error_already_set();
}

[[noreturn]] void RaiseSharing(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      RaiseOsError(EACCES, status);
    case absl::StatusCode::kNotFound:
      RaiseOsError(ENOENT, status);
    case absl::StatusCode::kFailedPrecondition:
      RaiseOsError(ENOTDIR, status);
    case absl::StatusCode::kResourceExhausted:
      RaiseOsError(ENOSPC, status);
    default:
      PyErr_SetString(PyExc_RuntimeError, std::string(status.message()).c_str());
      throw py::error_already_set();
  }
}

void Share(const std::string& path) {
  if (const auto known = Directory()) {
    if (known->asked_path() == path || known->path() == path) return;
    RaiseSharing(absl::AlreadyExistsError(
        absl::StrCat("the metrics are shared in '", known->path(), "' already, and cannot move to '", path, "'")));
  }
  absl::StatusOr<std::shared_ptr<SegmentDirectory>> directory = SegmentDirectory::Open(path);
  if (!directory.ok()) RaiseSharing(directory.status());
  // The GIL is kept: it is what keeps a record from being made between the copy and the move.
  const IngestPaused paused;
  if (const absl::Status status = Collector::Global().Share(*directory); !status.ok()) RaiseSharing(status);
}

// Takes in what has ended, now and then: a program that forks on and on may be one that nobody scrapes.
void TidyBeforeFork() {
  constexpr uint64_t kForksBetween = 32;
  static std::atomic<uint64_t> forks{0};
  if (forks.fetch_add(1, std::memory_order_relaxed) % kForksBetween != kForksBetween - 1) return;
  try {
    ProcessFleet(Collector::Global()).Look();
  } catch (const std::bad_alloc&) {
    // The next one tries again.
  }
}

void Leave() {
  // The GIL is kept, as above.
  const IngestPaused paused;
  if (const absl::Status status = Collector::Global().Leave(); !status.ok()) RaiseSharing(status);
}

}  // namespace

void BindSharing(py::module_& module) {
  Collector::Global().SetBeforeFork(&TidyBeforeFork);
  module.def("share", &Share, py::arg("path"),
             "Moves what is recorded into a file of the directory, where the other processes of the service see it.\n\n"
             "Once; again with the same path does nothing. OSError says what is wrong with the directory or its file\n"
             "system, and leaves everything as it was; RuntimeError where it is shared elsewhere already.");
  module.def(
      "shared_directory",
      []() -> py::object {
        const auto directory = Directory();
        return directory == nullptr ? py::object(py::none()) : py::str(directory->path());
      },
      "The directory that the process's records are in; None where they are its own.");
  module.def(
      "locate_directory", &SegmentDirectory::Locate, py::arg("path"),
      "The path of the folder that the files of a shared directory are in: the directory itself, or this user's\n"
      "own folder in one that others can write to. Makes nothing.");
  module.def(
      "leave", &Leave,
      "Takes what is recorded from here on out of the directory, if it is in one: it is the process's own then.\n\n"
      "What was recorded before stays there, as that of a process that has ended, and is here too.");
  module.def(
      "found_family",
      [] {
        // The store may move, and the GIL alone keeps Python's records from being made meanwhile.
        const IngestPaused paused;
        Collector::Global().FoundGroup();
      },
      "From here on what forked children record is this process's to show, not its parent's.");
}

}  // namespace toolvitals
