// What may be a name or a label value.
// Floor: registry.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "store/layout.h"

namespace toolvitals {

// Why the text cannot be a name, or nullopt: it must be 1 to kMaxNameBytes bytes of valid UTF-8 without NUL.
std::optional<DropReason> CheckName(std::string_view text);

// The reason as it stands in the label `reason` ("latency_nan").
std::string_view DropReasonName(DropReason reason);
// The other way; nullopt for a name that is none.
std::optional<DropReason> FindDropReason(std::string_view name);

}  // namespace toolvitals
