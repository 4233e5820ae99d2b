// The layout of a segment, version 4, as docs/explanation/segment-layout.md draws it. Everything is little-endian words
// at offsets from the segment's first byte; an offset of zero means "none". No pointer, no lock, no padding with data.
// Floor: store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/word.h"

namespace toolvitals {

using Offset = uint64_t;

inline constexpr uint64_t kSegmentMagic = 0x0031'4c41'5449'5654;  // "TVITAL1\0"
inline constexpr uint64_t kLayoutVersion = 4;

// Why a record was dropped. The numbers are part of the layout; add at the end.
enum class DropReason : uint32_t {
  kLatencyNegative,
  kLatencyNan,
  kLatencyInfinite,
  kLatencyType,
  kNameType,
  kNameEmpty,
  kNameTooLong,
  kNameEncoding,
  kErrorType,
  kArguments,
  kValueNotFinite,
  kAttribute,
  kMemory,
  kCount,
};

inline constexpr size_t kDropReasonSlots = 32;
inline constexpr size_t kGcGenerations = 4;
static_assert(static_cast<size_t>(DropReason::kCount) <= kDropReasonSlots);

struct GcGenerationCell {
  Word collections;
  Word objects_collected;
  Word objects_uncollectable;
};

// The first page. Identity first, so that a reader can refuse what it does not know before it looks further.
struct SegmentHeader {
  Word magic;
  Word layout_version;
  Word header_bytes;
  Word capacity_bytes;  // what is mapped
  Word budget_bytes;    // what may be allocated
  Word used_bytes;      // the bump allocator's mark
  Word process_id;
  Word process_start_ticks;  // field 22 of /proc/<pid>/stat: with the PID it names a process for good
  Word created_unix_ns;
  Word clock_source;      // Clock::Source
  Word ns_per_tick_q32;   // nanoseconds per clock tick, times 2^32
  Word directory;         // Offset of the first DirectoryChunk
  Word series;            // label sets in use, over all families
  Word window_size;       // samples a window reports
  Word histogram_bounds;  // how many of `bounds` are used
  Word scrapes;
  Word scrape_ns_sum;
  Word offenders;          // Offset of an OffenderTable; zero while no label set was refused
  Word retired_processes;  // in a retired segment: how many processes it was made of
  Word service;            // a number that the processes of one service share
  Word json_port;          // of the process's endpoints while they are open; zero: none
  Word prometheus_port;
  Word resets;           // how often its process zeroed what is counted
  Word package_version;  // three numbers of 16 bits each, the first one highest
  Word unshared;         // forked children whose records nobody but they can see
  Word inherited;        // of a forked child: the number of the last series that its parent had; zero: none
  Word removals;         // in a retired segment: the number of the last removal that it knows of
  Word started_ns;       // CLOCK_MONOTONIC, which all processes of a machine share: when its process began to record
  Word reset_unix_ns;    // when what is counted was last zeroed, here and in all others; zero: never
  Word max_series;       // the series budget
  Word python_version;   // which CPython its process has (snapshot/python_version.h); zero: none
  Word reserved[1];
  Word dropped[kDropReasonSlots];
  GcGenerationCell gc[kGcGenerations];
  Word bounds[kMaxDurationBounds];  // bits of doubles: upper bounds of the duration buckets, in seconds
};

inline constexpr size_t kHeaderBytes = 4096;
static_assert(sizeof(SegmentHeader) <= kHeaderBytes);
static_assert(sizeof(SegmentHeader) == (32 + kDropReasonSlots + 3 * kGcGenerations + kMaxDurationBounds) * 8);

// What an entry of the directory leads to. The numbers are part of the layout.
enum class SeriesKind : uint64_t {
  kNone = 0,
  kTool = 1,
  kCache = 2,
  kFamily = 3,
  kTaken = 4,  // in a retired segment: the name of a segment that it was made of; no cell
};

struct DirectoryEntry {
  Word kind;  // SeriesKind
  Word name;  // Offset of a StringRecord; a family's is empty, its name is in its definition
  Word cell;  // Offset of a ToolCell, a CacheCell or a FamilyRecord
  Word reserved;
};

// The directory grows by chunks. An entry is complete before `count` (release) covers it; readers load `count`
// (acquire) and look no further. The same holds for `next`.
//
//   directory ─▶ [count|next|entry entry …] ─▶ [count|next|entry …] ─▶ 0
struct DirectoryChunk {
  static constexpr size_t kEntries = 62;
  Word count;
  Word next;
  Word reserved[6];
  DirectoryEntry entries[kEntries];
};
static_assert(sizeof(DirectoryChunk) % kCacheLineBytes == 0);

// A name in the string table: its length and its bytes of UTF-8.
struct StringRecord {
  Word bytes;
  char data[8];  // as many as `bytes` says
};

}  // namespace toolvitals
