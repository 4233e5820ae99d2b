// What Python reads: snapshots of this process, and of the folder that the processes of a service share.
// Floor: bindings.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>
#include <sys/stat.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bindings/bind.h"
#include "bindings/errors.h"
#include "bindings/name_options.h"
#include "bindings/snapshot_objects.h"
#include "bindings/snapshot_values.h"
#include "collector/collector.h"
#include "fleet/directory_fleet.h"
#include "render/format.h"
#include "snapshot/collect.h"
#include "store/segment_directory.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

py::object Owned(PyObject* object) {
  if (object == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(object);
}

const char* StateName(MemberState state) {
  switch (state) {
    case MemberState::kOwn:
    case MemberState::kLive:
      return "live";
    case MemberState::kDead:
      return "dead";
    case MemberState::kRetired:
      break;
  }
  return "retired";
}

std::string VersionText(uint64_t version) {
  return absl::StrCat(version >> 32, ".", version >> 16 & 0xFFFF, ".", version & 0xFFFF);
}

py::dict SegmentDict(const Member& member, const std::string& name) {
  const SegmentHeader& header = member.segment->header();
  py::dict entry;
  entry["name"] = name;
  entry["state"] = StateName(member.state);
  entry["reason"] = py::none();
  entry["pid"] = member.state == MemberState::kRetired ? 0 : member.process_id();
  entry["layout_version"] = header.layout_version.load(std::memory_order_relaxed);
  entry["bytes"] = header.capacity_bytes.load(std::memory_order_relaxed);
  entry["created_unix"] = static_cast<double>(header.created_unix_ns.load(std::memory_order_relaxed)) / 1e9;
  entry["version"] = VersionText(header.package_version.load(std::memory_order_relaxed));
  return entry;
}

// A directory as a stranger sees it, who takes nothing in. The GIL is released while it is looked at.
class Stranger {
 public:
  explicit Stranger(const std::string& path) {
    absl::Status status;
    {
      const py::gil_scoped_release released;
      status = Look(path);
    }
    if (status.ok()) return;
    RaiseStatus(status);
    throw py::error_already_set();
  }

  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }

  py::list Segments() const {
    const FleetView& view = *view_;
    py::list segments;
    for (size_t i = 0; i < view.members.size(); ++i) segments.append(SegmentDict(view.members[i], view.names[i]));
    for (const RefusedSegment& refused : view.refused) {
      py::dict entry;
      entry["state"] = refused.reason == "foreign" ? "foreign" : "refused";
      entry["reason"] = refused.reason;
      entry["name"] = refused.name;
      segments.append(entry);
    }
    return segments;
  }

 private:
  absl::Status Look(const std::string& path) {
    struct stat status = {};
    if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return absl::FailedPreconditionError(absl::StrCat("'", path, "' is no directory"));
    }
    absl::StatusOr<std::shared_ptr<SegmentDirectory>> directory = SegmentDirectory::OpenToRead(path);
    if (!directory.ok()) return directory.status();
    auto fleet = std::make_unique<DirectoryFleet>(*std::move(directory), DirectoryFleet::Options());
    DirectoryFleet& seen = *fleet;
    reader_ = std::make_unique<SnapshotReader>(Collector::Global(), nullptr, std::move(fleet));
    snapshot_ = reader_->Read();
    // Nothing was known before, so what could not be looked at is missing.
    if (!seen.looked().ok()) return seen.looked();
    view_ = &seen.Look();
    return seen.looked();
  }

  std::unique_ptr<SnapshotReader> reader_;
  std::shared_ptr<const Snapshot> snapshot_;
  const FleetView* view_ = nullptr;
};

py::tuple ReadDirectory(const std::string& path) {
  const Stranger stranger(path);
  return py::make_tuple(Owned(SnapshotParts(stranger.snapshot())), stranger.Segments());
}

py::bytes RenderDirectory(const std::string& path, const std::string& format, const std::vector<std::string>& names) {
  const ExpositionFormat* found = FindFormat(format);
  if (found == nullptr) throw py::value_error("unknown exposition format '" + format + "'");
  const Stranger stranger(path);
  std::string text;
  found->render(*stranger.snapshot(), text, OptionsFor(names));
  return py::bytes(text);
}

}  // namespace

void BindSnapshot(py::module_& module) {
  module.def(
      "read_snapshot", [] { return Owned(ReadSnapshotParts()); },
      "A fresh snapshot of this process, or of the service that it is one of: the arguments of\n"
      "toolvitals.snapshot.made_of(). The GIL is released while cells are read and percentiles are selected.");
  module.def(
      "snapshot_tools", [](const py::object& capsule) { return Owned(SnapshotTools(capsule.ptr())); },
      py::arg("capsule"), "The tools of a snapshot by name, of a capsule among what read_snapshot() returned.");
  module.def(
      "snapshot_families", [](const py::object& capsule) { return Owned(SnapshotFamilies(capsule.ptr())); },
      py::arg("capsule"), "The families of a snapshot by name, of a capsule among what read_snapshot() returned.");
  module.def("read_directory", &ReadDirectory, py::arg("path"),
             "What the processes record that share a directory, for who is none of them: a snapshot as\n"
             "read_snapshot() returns it, and a dict for each file.\n\n"
             "Changes nothing. OSError for what is no directory or another user's.");
  module.def("render_directory", &RenderDirectory, py::arg("path"), py::arg("format"), py::arg("names") = py::tuple(),
             "The exposition of the same, as render() has it. ValueError for an unknown format.");
}

}  // namespace toolvitals
