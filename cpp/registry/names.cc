// UTF-8 and the names of the drop reasons.
// Floor: registry.
#include "registry/names.h"

#include <array>
#include <cstdint>

#include "base/limits.h"

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, static_cast<size_t>(DropReason::kCount)> kReasonNames = {
    "latency_negative", "latency_nan",   "latency_infinite", "latency_type", "name_type",
    "name_empty",       "name_too_long", "name_encoding",    "error_type",   "arguments",
};

// The length of the well-formed sequence at the start of the text, or zero (Unicode 15, table 3-7).
size_t SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  size_t length = 0;
  uint8_t low = 0x80, high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  }
  if (length == 0 || text.size() < length || byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<DropReason> CheckName(std::string_view text) {
  if (text.empty()) return DropReason::kNameEmpty;
  if (text.size() > kMaxNameBytes) return DropReason::kNameTooLong;
  while (!text.empty()) {
    const size_t length = text.front() == '\0' ? 0 : SequenceLength(text);
    if (length == 0) return DropReason::kNameEncoding;
    text.remove_prefix(length);
  }
  return std::nullopt;
}

std::string_view TruncateUtf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<uint8_t>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

std::string_view DropReasonName(DropReason reason) { return kReasonNames[static_cast<size_t>(reason)]; }

std::optional<DropReason> FindDropReason(std::string_view name) {
  for (size_t i = 0; i < kReasonNames.size(); ++i) {
    if (kReasonNames[i] == name) return static_cast<DropReason>(i);
  }
  return std::nullopt;
}

}  // namespace toolvitals
