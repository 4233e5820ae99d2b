// Every maximum and every deadline of the endpoints in one place, checked against each other at compile time.
// Floor: serve.
#pragma once

#include <chrono>
#include <cstddef>

namespace toolvitals {

// Request line and fields together. Scrapers send some 400 bytes, browsers at most a few thousand.
inline constexpr size_t kMaxRequestHeadBytes = 16 * 1024;
inline constexpr size_t kMaxRequestFields = 100;

// What one connection reads at a time, and so the memory that an idle client holds.
inline constexpr size_t kReadChunkBytes = 1024;

// Items of an Accept or Accept-Encoding header that are looked at; later ones are ignored.
inline constexpr size_t kMaxPreferences = 256;

// Names that one request can filter by; later ones are ignored.
inline constexpr size_t kMaxNameFilters = 256;

// Below this a compressed body saves no packet.
inline constexpr size_t kMinGzipBytes = 1024;
// Level 1 takes most of what there is to save in exposition text at a fifth of the default level's time.
inline constexpr int kGzipLevel = 1;

// What was published once is compressed once, as well as can be.
inline constexpr int kStoredGzipLevel = 9;

// Routes that are published beside the built-in ones.
inline constexpr size_t kMaxRoutes = 1024;
inline constexpr size_t kMaxRoutePathBytes = 1024;
inline constexpr size_t kMaxStoredPageBytes = 16 * 1024 * 1024;

// Requests of one server that wait for delegates, and the seconds after which one that had no answer may ask again.
inline constexpr size_t kMaxDelegated = 64;
inline constexpr int kRetryAfterSeconds = 5;

// What a client may say on a WebSocket at a time, and what may wait for one that does not read.
inline constexpr size_t kMaxWebSocketMessageBytes = 64 * 1024;
inline constexpr size_t kMaxWebSocketQueueBytes = 1024 * 1024;
inline constexpr std::chrono::milliseconds kWebSocketIdle{60'000};  // of silence, until it is pinged
inline constexpr std::chrono::milliseconds kWebSocketPong{20'000};  // until it has to answer

// A larger body is streamed, so that what a scrape takes does not grow with it.
inline constexpr size_t kMaxWholeBodyBytes = 1024 * 1024;
// What is made of it at a time. Fits the second-level cache, and is some thousand lines.
inline constexpr size_t kPieceBytes = 128 * 1024;
// Bodies that are streamed at the same time. Each holds a piece, a compressor and its snapshot.
inline constexpr size_t kMaxStreams = 16;

// What is read and thrown away from a client whose request was refused, so that it sees the refusal, not a reset.
inline constexpr size_t kMaxDrainBytes = 256 * 1024;

inline constexpr std::chrono::milliseconds kHeadTimeout{10'000};
inline constexpr std::chrono::milliseconds kWriteTimeout{30'000};
inline constexpr std::chrono::milliseconds kIdleTimeout{120'000};
inline constexpr std::chrono::milliseconds kLingerTimeout{2'000};
inline constexpr std::chrono::milliseconds kSweepInterval{1'000};

static_assert(kPieceBytes <= kMaxWholeBodyBytes);
static_assert(kReadChunkBytes <= kMaxRequestHeadBytes);
static_assert(kMaxRequestHeadBytes <= kMaxDrainBytes, "a refused head must fit what is drained");
static_assert(kSweepInterval <= kLingerTimeout, "a deadline is kept to within one sweep");
static_assert(kLingerTimeout <= kHeadTimeout && kHeadTimeout <= kWriteTimeout && kWriteTimeout <= kIdleTimeout);

}  // namespace toolvitals
