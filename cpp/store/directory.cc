// Appending to and walking the chunks of the directory.
// Floor: store.
#include "store/directory.h"

#include <algorithm>

namespace toolvitals {
namespace {

// The last chunk, with room for one entry; nullptr where the budget is spent.
DirectoryChunk* ChunkWithRoom(Segment& segment) {
  Word* link = &segment.header().directory;
  for (;;) {
    const Offset offset = link->load(std::memory_order_relaxed);
    if (offset == 0) break;
    DirectoryChunk* chunk = segment.At<DirectoryChunk>(offset);
    if (chunk->count.load(std::memory_order_relaxed) < DirectoryChunk::kEntries) return chunk;
    link = &chunk->next;
  }
  const Offset made = segment.Allocate(sizeof(DirectoryChunk));
  if (made == 0) return nullptr;
  // Pairs with the acquire in ForEachSeries(): the chunk is zeroed before it is linked.
  link->store(made, std::memory_order_release);
  return segment.At<DirectoryChunk>(made);
}

template <typename Visit>
void ForEachChunk(const Segment& segment, Visit visit) {
  Offset offset = segment.header().directory.load(std::memory_order_acquire);
  // Chunks do not overlap, so a list of more than fit leads in a circle.
  uint64_t chunks_left = segment.used_bytes() / sizeof(DirectoryChunk);
  while (const auto* chunk = chunks_left-- == 0 ? nullptr : segment.Find<DirectoryChunk>(offset)) {
    // The link before the count: a chunk that has a next one is full, so what is visited has no gap.
    const Offset next = chunk->next.load(std::memory_order_acquire);
    visit(*chunk, std::min<uint64_t>(chunk->count.load(std::memory_order_acquire), DirectoryChunk::kEntries));
    offset = next;
  }
}

}  // namespace

bool AppendToDirectory(Segment& segment, SeriesKind kind, std::string_view name, Offset cell) {
  DirectoryChunk* chunk = ChunkWithRoom(segment);
  if (chunk == nullptr) return false;
  const Offset name_record = segment.AllocateString(name);
  if (name_record == 0) return false;
  const uint64_t count = chunk->count.load(std::memory_order_relaxed);
  DirectoryEntry& entry = chunk->entries[count];
  entry.kind.store(static_cast<uint64_t>(kind), std::memory_order_relaxed);
  entry.name.store(name_record, std::memory_order_relaxed);
  entry.cell.store(cell, std::memory_order_relaxed);
  // Pairs with the acquire in ForEachSeries(): the entry, the name and the cell are complete before they are counted.
  chunk->count.store(count + 1, std::memory_order_release);
  return true;
}

uint64_t CountSeries(const Segment& segment) {
  uint64_t series = 0;
  ForEachChunk(segment, [&](const DirectoryChunk&, uint64_t count) { series += count; });
  return series;
}

void ForEachSeries(const Segment& segment, absl::FunctionRef<void(const DirectoryView&)> visit) {
  ForEachChunk(segment, [&](const DirectoryChunk& chunk, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const DirectoryEntry& entry = chunk.entries[i];
      visit({static_cast<SeriesKind>(entry.kind.load(std::memory_order_relaxed)),
             segment.StringAt(entry.name.load(std::memory_order_relaxed)), entry.cell.load(std::memory_order_relaxed)});
    }
  });
}

}  // namespace toolvitals
