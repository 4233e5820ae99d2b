// Every maximum of the core in one place, checked against each other at compile time.
// Floor: base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toolvitals {

inline constexpr size_t kCacheLineBytes = 64;

// Names of tools, caches and error types, in bytes of UTF-8.
inline constexpr size_t kMaxNameBytes = 256;

// Where new names and label sets go when a budget is spent.
inline constexpr std::string_view kOverflowName = "overflow";

// Samples of a sliding window.
inline constexpr uint64_t kMinWindowSize = 2;
inline constexpr uint64_t kMaxWindowSize = 1'000'000;
inline constexpr uint64_t kDefaultWindowSize = 1000;

// Names, help texts and labels of metrics, in bytes of UTF-8. A label value that is longer cannot be told from another
// one that begins alike, so its records go to the overflow series.
inline constexpr size_t kMaxMetricNameBytes = 1024;
inline constexpr size_t kMaxHelpBytes = 65'536;
inline constexpr size_t kMaxLabels = 64;
inline constexpr size_t kMaxLabelValueBytes = 4096;

// Types of error that one tool may show, so that error texts passed as types cannot take every tool's series.
inline constexpr uint64_t kMaxErrorTypesPerTool = 256;

// Label sets over all families.
inline constexpr uint64_t kMinSeries = 1;
inline constexpr uint64_t kMaxSeries = 1'000'000;
inline constexpr uint64_t kDefaultSeries = 10'000;

// The byte budget of a segment, in MiB.
inline constexpr uint64_t kMinMemoryLimitMb = 1;
inline constexpr uint64_t kMaxMemoryLimitMb = 1024;
inline constexpr uint64_t kDefaultMemoryLimitMb = 64;

// Finite upper bounds of one classic histogram, and of the tools' durations, which are in a segment's header.
inline constexpr size_t kMaxHistogramBounds = 1024;
inline constexpr size_t kMaxDurationBounds = 64;

// Latencies of this many nanoseconds and more (104 days) are summed as floating point, so that the integer sum of
// 2^64 nanoseconds cannot be overrun by a handful of absurd values.
inline constexpr double kMaxIntegerLatencyNs = 9007199254740992.0;  // 2^53

// Descriptors that can be closed in a forked child. Linux numbers descriptors below fs.nr_open, 2^20 by default.
inline constexpr int kMaxTrackedDescriptors = 1 << 20;

static_assert(kMaxTrackedDescriptors % 64 == 0, "descriptors are tracked in words of 64 bits");
static_assert(kMinWindowSize <= kDefaultWindowSize && kDefaultWindowSize <= kMaxWindowSize);
static_assert(kMinSeries <= kDefaultSeries && kDefaultSeries <= kMaxSeries);
static_assert(kMinMemoryLimitMb <= kDefaultMemoryLimitMb && kDefaultMemoryLimitMb <= kMaxMemoryLimitMb);

}  // namespace toolvitals
