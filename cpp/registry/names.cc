// UTF-8 and the names of the drop reasons.
// Floor: registry.
#include "registry/names.h"

#include <array>
#include <cstdint>

#include "base/limits.h"
#include "base/utf8.h"

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(DropReason::kCount)> kReasonNames = {
    "latency_negative", "latency_nan",   "latency_infinite", "latency_type", "name_type",
    "name_empty",       "name_too_long", "name_encoding",    "error_type",   "arguments",
    "value_not_finite", "attribute",     "memory",
};

}  // namespace

std::optional<DropReason> CheckName(std::string_view text) {
  if (text.empty()) return DropReason::kNameEmpty;
  if (text.size() > kMaxNameBytes) return DropReason::kNameTooLong;
  while (!text.empty()) {
    const size_t length = text.front() == '\0' ? 0 : Utf8SequenceLength(text);
    if (length == 0) return DropReason::kNameEncoding;
    text.remove_prefix(length);
  }
  return std::nullopt;
}

std::string_view DropReasonName(DropReason reason) { return kReasonNames[static_cast<size_t>(reason)]; }

std::optional<DropReason> FindDropReason(std::string_view name) {
  for (size_t i = 0; i < kReasonNames.size(); ++i) {
    if (kReasonNames[i] == name) return static_cast<DropReason>(i);
  }
  return std::nullopt;
}

}  // namespace toolvitals
