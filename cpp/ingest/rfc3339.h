// Timestamps as RFC 3339 writes them.
// Floor: ingest.
#pragma once

#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace toolvitals {

// "2026-01-31T12:00:00.000Z": with a zone, and any number of digits of a second's fraction, of which nine count.
// nullopt for anything else. A leap second is the first second of the next minute.
std::optional<absl::Time> ParseRfc3339(std::string_view text);

}  // namespace toolvitals
