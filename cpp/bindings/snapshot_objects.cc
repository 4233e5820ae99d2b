// One mechanism for both doors: what Python gets is what the endpoint's renderer wrote.
// Floor: bindings.
#include "bindings/snapshot_objects.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/gil.h"
#include "bindings/rendered_text.h"
#include "bindings/snapshot_values.h"
#include "bindings/value_types.h"
#include "fleet/process_fleet.h"
#include "render/format.h"
#include "render/json.h"
#include "render/prometheus_text.h"
#include "snapshot/collect.h"

namespace toolvitals {
namespace {

// json.loads, kept from the start: at the end of the interpreter nothing can be imported any more.
PyObject* json_loads = nullptr;

PyObject* ParseJson(const std::string& text) {
  const OwnedRef json(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr));
  return json ? PyObject_CallOneArg(json_loads, json.get()) : nullptr;
}

// What each thread that asks keeps for itself: idle tools are not computed again, a text is not allocated again, and no
// fork can leave a lock of it held.
struct Workspace {
  SnapshotReader reader{Collector::Global(), &SourceList::Global(),
                        std::make_unique<ProcessFleet>(Collector::Global())};
  std::string text;
};

// A text larger than this is given back.
constexpr size_t kMaxKeptBytes = size_t{8} << 20;

Workspace& WorkspaceOfThisThread() {
  thread_local Workspace workspace;
  workspace.text.clear();
  if (workspace.text.capacity() > kMaxKeptBytes) workspace.text.shrink_to_fit();
  return workspace;
}

// Renders with the GIL released; `render` returns false for something that does not exist.
template <typename Render>
PyObject* Parsed(Render render) {
  try {
    Workspace& workspace = WorkspaceOfThisThread();
    bool exists = false;
    {
      const GilReleased released;
      exists = render(workspace.reader, workspace.text);
    }
    if (!exists) Py_RETURN_NONE;
    return ParseJson(workspace.text);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

}  // namespace

bool PrepareSnapshotObjects() {
  const OwnedRef json(PyImport_ImportModule("json"));
  json_loads = json ? PyObject_GetAttrString(json.get(), "loads") : nullptr;
  return json_loads != nullptr;
}

PyObject* ToolDict(std::string_view name) {
  return Parsed([&](SnapshotReader& reader, std::string& text) {
    const std::optional<ToolSnapshot> tool = reader.ReadTool(name);
    if (tool.has_value()) RenderToolJson(*tool, text);
    return tool.has_value();
  });
}

PyObject* CacheDict(std::string_view name) {
  return Parsed([&](SnapshotReader& reader, std::string& text) {
    const std::optional<CacheSnapshot> cache = reader.ReadCache(name);
    if (cache.has_value()) RenderCacheJson(*cache, text);
    return cache.has_value();
  });
}

PyObject* SystemDict() {
  return Parsed([](SnapshotReader& reader, std::string& text) {
    RenderSystemJson(*reader.Read(), text);
    return true;
  });
}

PyObject* AllDict() {
  return Parsed([](SnapshotReader& reader, std::string& text) {
    RenderJson(*reader.Read(), text);
    return true;
  });
}

PyObject* ReadSnapshotParts() {
  try {
    Workspace& workspace = WorkspaceOfThisThread();
    std::shared_ptr<const Snapshot> snapshot;
    {
      const GilReleased released;
      snapshot = workspace.reader.Read();
    }
    return SnapshotParts(snapshot);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

PyObject* ReadToolFamilies() {
  try {
    Workspace& workspace = WorkspaceOfThisThread();
    std::shared_ptr<const Snapshot> snapshot;
    {
      const GilReleased released;
      snapshot = workspace.reader.ReadTools();
    }
    return ToolFamilies(*snapshot);
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

PyObject* ToolText(bool open_metrics) {
  try {
    Workspace& workspace = WorkspaceOfThisThread();
    std::unique_ptr<std::string> text = TakeTextMemory();
    std::vector<std::string> names;
    {
      const GilReleased released;
      names = RenderToolText(*workspace.reader.ReadTools(), open_metrics, *text);
    }
    std::vector<PyObject*> objects;
    for (const std::string& name : names) objects.push_back(ToPython(name));
    const OwnedRef view(NewTextView(std::move(text)));
    const OwnedRef tuple(NewTuple(objects));
    return view && tuple ? PyTuple_Pack(2, view.get(), tuple.get()) : nullptr;
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

PyObject* RenderedBytes(std::string_view format, const RenderOptions& options) {
  const ExpositionFormat* found = FindFormat(format);
  if (found == nullptr) {
    const OwnedRef name(ToPython(format));
    return name ? PyErr_Format(PyExc_ValueError, "unknown exposition format %R", name.get()) : nullptr;
  }
  try {
    Workspace& workspace = WorkspaceOfThisThread();
    {
      const GilReleased released;
      found->render(*workspace.reader.Read(), workspace.text, options);
    }
    const std::string& text = workspace.text;
    return PyBytes_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size()));
  } catch (const std::bad_alloc&) {
    return PyErr_NoMemory();
  }
}

}  // namespace toolvitals
