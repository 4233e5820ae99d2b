// The functions behind the table, each over the process's collector. Floor: bridge.
#include "bridge/api.h"

#include <memory>
#include <utility>

#include "bridge/visited_source.h"
#include "bridge/visitor_sink.h"
#include "collector/collector.h"
#include "render/families.h"
#include "snapshot/collect.h"
#include "sources/source_list.h"

namespace toolvitals {
namespace {

std::shared_ptr<VisitedSource> MakeSource(const toolvitals_source& source) noexcept try {
  return std::make_shared<VisitedSource>(source);
} catch (...) {
  if (source.release != nullptr) source.release(source.context);
  return nullptr;
}

uint64_t AddSource(const toolvitals_source* source) noexcept try {
  std::shared_ptr<VisitedSource> made = MakeSource(*source);
  return made == nullptr ? 0 : SourceList::Global().Add(std::move(made));
} catch (...) {
  return 0;
}

void RemoveSource(uint64_t source) noexcept { SourceList::Global().Remove(source); }

int CollectAll(const toolvitals_visitor* visitor, int with_sources) noexcept try {
  SnapshotReader reader(Collector::Global(), with_sources != 0 ? &SourceList::Global() : nullptr);
  return VisitFamilies(*reader.Read(), *visitor);
} catch (...) {
  return 1;
}

}  // namespace

const toolvitals_api& GlobalApi() {
  static constexpr toolvitals_api kApi = {TOOLVITALS_API_VERSION, &AddSource, &RemoveSource, &CollectAll};
  return kApi;
}

int VisitFamilies(const Snapshot& snapshot, const toolvitals_visitor& visitor) {
  VisitorSink sink(visitor);
  const RenderOptions everything;
  WriteFamilies(snapshot, everything, sink);
  return sink.result();
}

}  // namespace toolvitals
