// Every maximum and every deadline of sockets and the loops that watch them, checked against each other.
// Floor: net.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/limits.h"

namespace toolvitals {

// A loop also keeps to half of the process's descriptors, since the other half is the application's.
inline constexpr size_t kMaxConnections = 16'384;
inline constexpr size_t kMinConnections = 8;
inline constexpr int kListenBacklog = 4096;
// Clients accepted before the loop looks at anything else.
inline constexpr int kMaxAcceptsPerWake = 64;

// Addresses of one host name that are listened on.
inline constexpr size_t kMaxAddressesPerHost = 16;

inline constexpr std::chrono::milliseconds kAcceptBackoff{100};
// How long a loop waits before it looks whether the program has closed its descriptors. Asio waits no longer at a time.
inline constexpr std::chrono::milliseconds kLookInterval{1'000};

static_assert(kMinConnections <= kMaxConnections);
static_assert(kMaxConnections < kMaxTrackedDescriptors);

}  // namespace toolvitals
