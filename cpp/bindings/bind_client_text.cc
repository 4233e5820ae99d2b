// render_instruments(): instruments as prometheus_client writes them, without holding the GIL meanwhile.
// Floor: bindings.
#include <pybind11/pybind11.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/cleanup/cleanup.h"
#include "absl/synchronization/mutex.h"
#include "base/fork_hooks.h"
#include "base/hash_table.h"
#include "bindings/bind.h"
#include "bindings/errors.h"
#include "bindings/instrument_type.h"
#include "bindings/rendered_text.h"
#include "bindings/snapshot_objects.h"
#include "bindings/snapshot_values.h"
#include "collector/collector.h"
#include "fleet/process_fleet.h"
#include "render/client_text.h"
#include "snapshot/collect_families.h"
#include "snapshot/family_merger.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

// What is kept from one rendering to the next: who the series are, and their labels as text. For one thread.
class Readers {
 public:
  Readers() : reader_(Collector::Global().segment(), kDefaultRegistry), fleet_(Collector::Global()) {}

  // The text of each family, of all processes that share it, one behind the other, and where each ends; it is empty for
  // one that Python has to write.
  std::vector<size_t> Render(const std::vector<std::shared_ptr<Family>>& families, const ClientTextOptions& options,
                             std::string& text) {
    std::vector<size_t> ends;
    const QuantileMethod method = Collector::Global().quantile_method();
    const std::span<const Member> members = fleet_.Look().members;
    const bool alone = members.size() == 1 && !members.front().names_process;
    HashMap<uint64_t, FamilySnapshot> merged;
    if (!alone) merged = merger_.ReadOwn(members, method);
    for (size_t i = 0; i < families.size(); ++i) {
      const Offset offset = families[i]->offset();
      std::optional<FamilySnapshot> family =
          alone ? reader_.ReadOne(offset, method) : Find(merged, families[i]->identity());
      const size_t begin = text.size();
      if (family.has_value() && !texts_[offset].Write(*family, options, text)) text.resize(begin);
      ends.push_back(text.size());
    }
    fleet_.Rest();
    return ends;
  }

  // Every family of instruments of all processes, whichever registry shows it.
  std::vector<FamilySnapshot> ReadAll() {
    std::vector<FamilySnapshot> families;
    all_merger_.ReadAll(fleet_.Look().members, Collector::Global().quantile_method(), families);
    fleet_.Rest();
    return families;
  }

 private:
  static std::optional<FamilySnapshot> Find(HashMap<uint64_t, FamilySnapshot>& families, uint64_t identity) {
    const auto found = families.find(identity);
    if (found == families.end()) return std::nullopt;
    // Those make Python write it, which knows this process alone.
    found->second.exemplars.clear();
    return found->second;
  }

  FamilyReader reader_;
  ProcessFleet fleet_;
  FamilyMerger merger_, all_merger_;
  HashMap<Offset, ClientText> texts_;
};

// Any thread's.
class KeptReaders {
 public:
  // What `use` makes of them. Where memory runs out meanwhile they may be half-changed, and are made anew.
  template <typename Use>
  auto With(Use use) {
    absl::MutexLock lock(&mutex_);
    absl::Cleanup forget = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { readers_.reset(); };
    if (!readers_.has_value()) readers_.emplace();
    auto made = use(*readers_);
    std::move(forget).Cancel();
    return made;
  }

 private:
  absl::Mutex mutex_;
  std::optional<Readers> readers_ ABSL_GUARDED_BY(mutex_);
};

std::atomic<KeptReaders*> kept_readers{nullptr};

// A fork may not catch the mutex held by a thread that will not exist in the child, so the child begins with its own.
void BeginAfreshInChild() { kept_readers.store(nullptr, std::memory_order_relaxed); }

// Made by the first who wants it, and never gone: a thread may be reading while the program ends.
KeptReaders& Kept() {
  KeptReaders* readers = kept_readers.load(std::memory_order_acquire);
  if (readers != nullptr) return *readers;
  auto made = std::make_unique<KeptReaders>();
  // Release pairs with the acquire of whoever finds them.
  if (kept_readers.compare_exchange_strong(readers, made.get(), std::memory_order_acq_rel)) return *made.release();
  return *readers;
}

py::list RenderInstruments(const py::sequence& instruments, bool open_metrics, bool created, bool natives) {
  // Holds them: whoever else has one may let go of it while the GIL is not held.
  std::vector<std::shared_ptr<Family>> families;
  for (const py::handle instrument : instruments) {
    if (!PyObject_TypeCheck(instrument.ptr(), &instrument_type)) throw py::type_error("not an instrument");
    std::shared_ptr<Family> family = AsInstrument(instrument.ptr())->family;
    if (family == nullptr) throw py::value_error("the metric was not defined: its __init__ has not run");
    families.push_back(std::move(family));
  }
  std::unique_ptr<std::string> text = TakeTextMemory();
  std::vector<size_t> ends;
  {
    const py::gil_scoped_release released;
    ends = Kept().With([&](Readers& readers) {
      return readers.Render(families, {open_metrics, created, natives}, *text);
    });
  }
  const auto view = py::reinterpret_steal<py::object>(NewTextView(std::move(text)));
  if (!view) throw py::error_already_set();
  py::list list;
  size_t begin = 0;
  for (const size_t end : ends) {
    if (begin == end) {
      list.append(py::none());
    } else {
      list.append(view[py::slice(static_cast<ssize_t>(begin), static_cast<ssize_t>(end), 1)]);
    }
    begin = end;
  }
  return list;
}

}  // namespace

void BindClientText(py::module_& module) {
  static constexpr ForkHook kHook = {.child = &BeginAfreshInChild};
  ThrowUnlessOk(SetForkHook(ForkPlace::kRenderedText, &kHook));
  module.def("render_instruments", &RenderInstruments, py::arg("instruments"), py::arg("open_metrics"),
             py::arg("created"), py::arg("natives") = false,
             "The text of each instrument as a memoryview of bytes, as prometheus_client would write it, with native "
             "histograms if "
             "`natives`;\n"
             "None for one with names beyond identifiers or with exemplars. The GIL is released meanwhile.");
  module.def(
      "instrument_families",
      [] {
        Snapshot snapshot;
        {
          const py::gil_scoped_release released;
          snapshot.families = Kept().With([](Readers& readers) { return readers.ReadAll(); });
        }
        PyObject* const families = FamilyObjects(snapshot);
        if (families == nullptr) throw py::error_already_set();
        return py::reinterpret_steal<py::dict>(families);
      },
      "The families of the instruments of all processes that share what they record, whichever registry they are in,\n"
      "as values, by name.");
  module.def(
      "render_tools",
      [](bool open_metrics) {
        PyObject* const text = ToolText(open_metrics);
        if (text == nullptr) throw py::error_already_set();
        return py::reinterpret_steal<py::tuple>(text);
      },
      py::arg("open_metrics"),
      "The text of the families of tools and caches, to stand among others, and the names of these. The GIL is\n"
      "released meanwhile.");
  module.def(
      "tool_families",
      [] {
        PyObject* const families = ReadToolFamilies();
        if (families == nullptr) throw py::error_already_set();
        return py::reinterpret_steal<py::dict>(families);
      },
      "The families of tools and caches as values, by name.");
}

}  // namespace toolvitals
