// Every maximum of what other programs may send over the sockets, checked against each other at compile time.
// Floor: ingest.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"

namespace toolvitals {

// The version of the protocol, as it stands in docs/reference/ipc-protocol.md.
inline constexpr double kIngestVersion = 1;

// One line without its line feed, and one datagram.
inline constexpr size_t kMaxLineBytes = 64 * 1024;
// Unfinished lines of all connections together, so that what thousands of slow clients hold stays bounded.
inline constexpr size_t kMaxPendingBytes = 64 * 1024 * 1024;

// Fields that the protocol does not know are passed over, but not however deep they are.
inline constexpr size_t kMaxJsonDepth = 8;

inline constexpr size_t kMaxIngestLabels = 16;
inline constexpr size_t kMaxIngestLabelValueBytes = 1024;
inline constexpr size_t kMaxOperationLabels = 8;

// Families that other programs' names may make, and label sets of each of them.
inline constexpr size_t kMaxIngestFamilies = 1000;
inline constexpr uint64_t kMaxSeriesPerIngestFamily = 1000;

// Amounts that are added up. A sum of such amounts stays finite for as long as anybody can send them.
inline constexpr double kMaxAmount = 1e18;
// 2^53: whole bytes that a double holds exactly, as JSON numbers are doubles to most programs.
inline constexpr double kMaxObjectBytes = 9007199254740992.0;

// A user is active for so long after an operation; of more users than this the first ones are counted.
inline constexpr std::chrono::seconds kActiveUserWindow{300};
inline constexpr size_t kMaxActiveUsers = 65'536;

// What the loop reads at a time, and what it takes from one socket before it looks at the others.
inline constexpr size_t kIngestReadBytes = 64 * 1024;
inline constexpr int kMaxReadsPerWake = 4;
inline constexpr int kMaxDatagramsPerWake = 64;

inline constexpr std::chrono::milliseconds kIngestSweepInterval{60'000};
inline constexpr std::chrono::milliseconds kActiveUsersInterval{1'000};

static_assert(kIngestReadBytes >= kMaxLineBytes, "a datagram is read in one piece");
static_assert(kMaxPendingBytes >= kMaxLineBytes);
static_assert(kMaxIngestLabels <= kMaxLabels && kMaxOperationLabels + 2 <= kMaxLabels);
static_assert(kMaxIngestLabelValueBytes <= kMaxLabelValueBytes);

}  // namespace toolvitals
