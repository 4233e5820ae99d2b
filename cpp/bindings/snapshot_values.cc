// A snapshot's parts, one after the other, and the tools and families of the last conversion, which are kept.
// Floor: bindings.
#include "bindings/snapshot_values.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstring>
#include <vector>

#include "bindings/value_sink.h"
#include "bindings/value_types.h"
#include "render/families.h"
#include "render/overflow.h"

namespace toolvitals {
namespace {

constexpr const char* kCapsule = "toolvitals.snapshot";
constexpr double kMillisPerSecond = 1e3;

using Shared = std::shared_ptr<const Snapshot>;

PyObject* Window(const ValueTypes& types, const WindowStats& stats) {
  const auto& quantiles = stats.quantiles;
  return types.window.New({NewUnsigned(stats.count), NewFloatOrNone(stats.mean), NewFloatOrNone(stats.stddev),
                           NewFloatOrNone(stats.min), NewFloatOrNone(stats.max), NewFloatOrNone(quantiles[0]),
                           NewFloatOrNone(quantiles[1]), NewFloatOrNone(quantiles[2]), NewFloatOrNone(quantiles[3]),
                           NewFloatOrNone(quantiles[4])});
}

PyObject* Tool(const ValueTypes& types, const ToolSnapshot& tool, PyObject* bounds) {
  PyObject* const durations =
      types.histogram.New({Py_NewRef(bounds), NewTuple(std::span<const uint64_t>(tool.duration_buckets)),
                           PyFloat_FromDouble(tool.total_latency_ms / kMillisPerSecond), Py_NewRef(Py_None)});
  return types.tool.New({ToPython(tool.name), NewUnsigned(tool.successful_calls), NewUnsigned(tool.failed_calls),
                         NewUnsigned(tool.cancelled_calls), NewUnsigned(tool.in_progress),
                         NewFloatOrNone(tool.oldest_in_progress_ms), PyFloat_FromDouble(tool.total_latency_ms),
                         Window(types, tool.window_ms),
                         tool.first_item_ms.has_value() ? Window(types, *tool.first_item_ms) : Py_NewRef(Py_None),
                         NewCounts(types, tool.error_types), durations});
}

// Bit for bit: what was not measured is NaN. Nothing stands between the numbers.
static_assert(sizeof(WindowStats) == 10 * sizeof(uint64_t));
bool IsSame(const WindowStats& a, const WindowStats& b) { return std::memcmp(&a, &b, sizeof(WindowStats)) == 0; }
bool IsSame(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

bool IsSame(const ToolSnapshot& a, const ToolSnapshot& b) {
  return a.name == b.name && a.successful_calls == b.successful_calls && a.failed_calls == b.failed_calls &&
         a.cancelled_calls == b.cancelled_calls && a.in_progress == b.in_progress &&
         IsSame(a.oldest_in_progress_ms, b.oldest_in_progress_ms) && IsSame(a.total_latency_ms, b.total_latency_ms) &&
         IsSame(a.window_ms, b.window_ms) && a.first_item_ms.has_value() == b.first_item_ms.has_value() &&
         (!a.first_item_ms.has_value() || IsSame(*a.first_item_ms, *b.first_item_ms)) &&
         a.duration_buckets == b.duration_buckets && a.error_types == b.error_types;
}

// What the tools of the last conversion became: of most of them nothing was recorded since, and values never change.
struct ToolsBefore {
  Shared snapshot;
  OwnedRef tools;  // in the order of the snapshot's
};
std::atomic<ToolsBefore*> tools_before{nullptr};

// The tools by name, in order, with those of before taken over that are what they were.
PyObject* NewTools(const ValueTypes& types, const Snapshot& snapshot, const ToolsBefore* before) {
  const std::vector<ToolSnapshot>& tools = snapshot.tools;
  const bool has_before = before != nullptr && *before->snapshot->duration_bounds == *snapshot.duration_bounds;
  const auto same = [](const ToolSnapshot& a, const ToolSnapshot& b) { return IsSame(a, b); };
  if (has_before &&
      std::equal(tools.begin(), tools.end(), before->snapshot->tools.begin(), before->snapshot->tools.end(), same)) {
    return Py_NewRef(before->tools.get());
  }
  const OwnedRef bounds(NewTuple(std::span<const double>(*snapshot.duration_bounds)));
  OwnedRef dict(NewFrozenDict(types));
  if (!bounds || !dict) return nullptr;
  Py_ssize_t place = 0;
  PyObject* name = nullptr;
  PyObject* object = nullptr;
  auto next = has_before ? before->snapshot->tools.begin() : tools.end();
  const auto end = has_before ? before->snapshot->tools.end() : tools.end();
  for (const ToolSnapshot& tool : tools) {
    const ToolSnapshot* old = nullptr;
    // Both are sorted by name, and the dict is in the same order.
    while (next != end && next->name <= tool.name && PyDict_Next(before->tools.get(), &place, &name, &object)) {
      old = &*next++;
    }
    if (old != nullptr && IsSame(tool, *old)) {
      if (PyDict_SetItem(dict.get(), name, object) != 0) return nullptr;
    } else if (!SetItem(dict.get(), ToPython(tool.name), Tool(types, tool, bounds.get()))) {
      return nullptr;
    }
  }
  return dict.release();
}

PyObject* Cache(const ValueTypes& types, const CacheSnapshot& cache) {
  return types.cache.New({ToPython(cache.name), NewUnsigned(cache.hits), NewUnsigned(cache.misses),
                          NewUnsigned(cache.evictions), NewUnsigned(cache.size_rejections)});
}

PyObject* Process(const ValueTypes& types, const ProcessSnapshot& process) {
  const double start = process.start_time_seconds;
  return types.process.New({PyLong_FromLongLong(process.pid), PyFloat_FromDouble(process.cpu_seconds),
                            NewUnsignedOrNone(process.resident_memory_bytes),
                            NewUnsignedOrNone(process.virtual_memory_bytes), NewUnsignedOrNone(process.open_fds),
                            NewUnsignedOrNone(process.max_fds), NewUnsignedOrNone(process.threads),
                            start > 0 ? PyFloat_FromDouble(start) : Py_NewRef(Py_None)});
}

// Whoever answers: by their numbers.
PyObject* Processes(const ValueTypes& types, const Snapshot& snapshot) {
  std::vector<ProcessSnapshot> processes = snapshot.processes;
  if (processes.empty() && snapshot.process.pid != 0) processes.push_back(snapshot.process);
  std::sort(processes.begin(), processes.end(),
            [](const ProcessSnapshot& a, const ProcessSnapshot& b) { return a.pid < b.pid; });
  std::vector<PyObject*> objects;
  for (const ProcessSnapshot& process : processes) objects.push_back(Process(types, process));
  return NewTuple(objects);
}

PyObject* Python(const ValueTypes& types, const PythonSnapshot& python) {
  if (python.implementation.empty()) return Py_NewRef(Py_None);
  std::vector<PyObject*> generations;
  for (const GcGenerationSnapshot& generation : python.gc) {
    generations.push_back(types.gc.New({NewUnsigned(generation.collections), NewUnsigned(generation.objects_collected),
                                        NewUnsigned(generation.objects_uncollectable)}));
  }
  return types.python.New({ToPython(python.version), ToPython(python.implementation), NewTuple(generations)});
}

// A dict of what each of them is made to, by its name.
template <typename Named, typename Make>
PyObject* ByName(const ValueTypes& types, const std::vector<Named>& all, Make make) {
  OwnedRef dict(NewFrozenDict(types));
  if (!dict) return nullptr;
  for (const Named& one : all) {
    if (!SetItem(dict.get(), ToPython(one.name), make(one))) return nullptr;
  }
  return dict.release();
}

PyObject* Overflow(const ValueTypes& types, const Snapshot& snapshot) {
  OwnedRef families(NewFrozenDict(types));
  if (!families) return nullptr;
  for (const FamilyOverflow& overflow : OverflowOf(snapshot)) {
    OwnedRef values(NewFrozenDict(types));
    for (const auto& [label, count] : overflow.distinct_values) {
      if (!values || !SetItem(values.get(), ToPython(label), NewUnsigned(count))) return nullptr;
    }
    std::vector<PyObject*> busiest;
    for (const OffenderSnapshot* offender : overflow.busiest) {
      busiest.push_back(types.refused_label.New({ToPython(offender->label), ToPython(offender->value),
                                                 NewUnsigned(offender->count), NewUnsigned(offender->error)}));
    }
    PyObject* const told = types.overflow.New({NewUnsigned(overflow.records), values.release(), NewTuple(busiest)});
    if (!SetItem(families.get(), ToPython(overflow.family), told)) return nullptr;
  }
  return families.release();
}

PyObject* Own(const ValueTypes& types, const Snapshot& snapshot) {
  const SelfSnapshot& self = snapshot.self;
  PyObject* const collectors = ByName(types, self.collectors, [&](const CollectorSnapshot& collector) {
    return types.collector.New({NewUnsigned(collector.failures), NewUnsigned(collector.hangs),
                                NewFloatOrNone(collector.hanging_seconds), NewFloatOrNone(collector.age_seconds)});
  });
  PyObject* const limits = types.limits.New(
      {NewUnsigned(self.max_series), NewUnsigned(self.max_memory_bytes), NewUnsigned(snapshot.window_size)});
  return types.own.New({ToPython(self.version), NewUnsigned(self.series), NewUnsigned(self.memory_bytes),
                        NewCounts(types, self.dropped_records), collectors, NewUnsigned(self.stale_reads),
                        Overflow(types, snapshot), NewUnsigned(self.live_processes),
                        NewUnsigned(self.retired_processes), NewUnsigned(self.unshared_processes),
                        NewCounts(types, self.refused_segments), NewCounts(types, self.merge_conflicts),
                        NewUnsigned(self.scrapes), PyFloat_FromDouble(self.scrape_seconds_sum), limits});
}

// The last ones that were made, which stay until others are.
std::atomic<FamiliesBefore*> families_before{nullptr};

void FreeCapsule(PyObject* capsule) { delete static_cast<Shared*>(PyCapsule_GetPointer(capsule, kCapsule)); }

PyObject* NewCapsule(const Shared& snapshot) {
  auto kept = std::make_unique<Shared>(snapshot);
  PyObject* const capsule = PyCapsule_New(kept.get(), kCapsule, &FreeCapsule);
  if (capsule != nullptr) kept.release();
  return capsule;
}

}  // namespace

PyObject* SnapshotParts(const Shared& snapshot) {
  const ValueTypes* types = FindValueTypes();
  if (types == nullptr) return nullptr;
  std::string_view prefix = snapshot->name_prefix;
  if (!prefix.empty()) prefix.remove_suffix(1);
  std::vector<PyObject*> parts = {
      PyLong_FromLongLong(snapshot->timestamp_us),
      PyFloat_FromDouble(static_cast<double>(snapshot->created_us) / 1e6),
      PyFloat_FromDouble(snapshot->uptime_seconds),
      ToPython(prefix),
      NewCapsule(snapshot),
      ByName(*types, snapshot->caches, [&](const CacheSnapshot& cache) { return Cache(*types, cache); }),
      NewCapsule(snapshot),
      Processes(*types, *snapshot),
      Python(*types, snapshot->python),
      Own(*types, *snapshot),
  };
  return NewTuple(parts);
}

PyObject* SnapshotTools(PyObject* capsule) {
  const auto* snapshot = static_cast<const Shared*>(PyCapsule_GetPointer(capsule, kCapsule));
  const ValueTypes* types = snapshot == nullptr ? nullptr : FindValueTypes();
  if (types == nullptr) return nullptr;
  // Whoever converts takes them, so that no two threads do at a time; one that finds none makes everything anew.
  const std::unique_ptr<ToolsBefore> before(tools_before.exchange(nullptr, std::memory_order_acq_rel));
  OwnedRef tools(NewTools(*types, **snapshot, before.get()));
  if (!tools) return nullptr;
  auto* const made = new ToolsBefore{*snapshot, OwnedRef(Py_NewRef(tools.get()))};
  delete tools_before.exchange(made, std::memory_order_acq_rel);
  return tools.release();
}

PyObject* ToolFamilies(const Snapshot& snapshot) {
  const ValueTypes* types = FindValueTypes();
  if (types == nullptr) return nullptr;
  ValueSink sink(*types);
  const RenderOptions everything;
  FamilyList(snapshot, everything, sink, FamilyList::Extent::kTools).WriteAll();
  return sink.Take();
}

PyObject* FamilyObjects(const Snapshot& snapshot) {
  const ValueTypes* types = FindValueTypes();
  if (types == nullptr) return nullptr;
  ValueSink sink(*types);
  WriteUniformFamilies(snapshot, /*own=*/false, sink);
  return sink.Take();
}

PyObject* SnapshotFamilies(PyObject* capsule) {
  const auto* snapshot = static_cast<const Shared*>(PyCapsule_GetPointer(capsule, kCapsule));
  const ValueTypes* types = snapshot == nullptr ? nullptr : FindValueTypes();
  if (types == nullptr) return nullptr;
  // Whoever converts takes them, so that no two threads do at a time; one that finds none makes everything anew.
  const std::unique_ptr<FamiliesBefore> before(families_before.exchange(nullptr, std::memory_order_acq_rel));
  ValueSink sink(*types, before.get());
  WriteUniformFamilies(**snapshot, /*own=*/true, sink,
                       [&](const FamilySnapshot& family) { return sink.TakeWhole(family); });
  OwnedRef families(sink.Take());
  if (!families) return nullptr;
  auto* const made = new FamiliesBefore{*snapshot, OwnedRef(Py_NewRef(families.get()))};
  delete families_before.exchange(made, std::memory_order_acq_rel);
  return families.release();
}

}  // namespace toolvitals
