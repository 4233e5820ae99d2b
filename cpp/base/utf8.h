// UTF-8: where its characters end, whether a text is made of them, and how much of it fits.
// Floor: base.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toolvitals {

// The length of the well-formed sequence at the start of the text, or zero; overlong forms, surrogates and values past
// U+10FFFF are not well-formed (Unicode 15, table 3-7). The text is not empty.
constexpr size_t Utf8SequenceLength(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto is_tail = [&](size_t i) { return byte(i) >= 0x80 && byte(i) <= 0xBF; };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return is_tail(1) ? 2 : 0;
  if (lead < 0xF0) {
    const uint8_t lowest = lead == 0xE0 ? 0xA0 : 0x80;
    const uint8_t highest = lead == 0xED ? 0x9F : 0xBF;
    return byte(1) >= lowest && byte(1) <= highest && is_tail(2) ? 3 : 0;
  }
  if (lead > 0xF4) return 0;
  const uint8_t lowest = lead == 0xF0 ? 0x90 : 0x80;
  const uint8_t highest = lead == 0xF4 ? 0x8F : 0xBF;
  return byte(1) >= lowest && byte(1) <= highest && is_tail(2) && is_tail(3) ? 4 : 0;
}

constexpr bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// At most `bytes` bytes of the text, never half a character.
constexpr std::string_view TruncateUtf8(std::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<uint8_t>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes);
}

}  // namespace toolvitals
