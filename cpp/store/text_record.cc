// Copying bytes in and out of words. Floor: store.
#include "store/text_record.h"

#include <algorithm>
#include <cstring>

namespace toolvitals {
namespace {

void AppendLength(size_t length, std::string& packed) {
  // Seven bits a byte, the lowest first; the highest bit says that more follow.
  while (length >= 0x80) {
    packed += static_cast<char>(0x80 | (length & 0x7F));
    length >>= 7;
  }
  packed += static_cast<char>(length);
}

std::optional<size_t> TakeLength(std::string_view& packed) {
  size_t length = 0;
  for (int shift = 0; shift < 35 && !packed.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(packed.front());
    packed.remove_prefix(1);
    length |= static_cast<size_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return length;
  }
  return std::nullopt;
}

}  // namespace

void StoreText(TextRecord& record, std::string_view text) {
  record.bytes.store(text.size(), std::memory_order_relaxed);
  for (size_t word = 0; word * sizeof(Word) < text.size(); ++word) {
    uint64_t bits = 0;
    const std::string_view part = text.substr(word * sizeof(Word), sizeof(Word));
    memcpy(&bits, part.data(), part.size());
    record.words[word].store(bits, std::memory_order_relaxed);
  }
}

Offset MakeText(Segment& segment, std::string_view text) {
  const Offset offset = segment.Allocate(TextRecord::Bytes(text.size()));
  if (offset != 0) StoreText(*segment.At<TextRecord>(offset), text);
  return offset;
}

void FreeText(Segment& segment, Word& text) {
  const Offset offset = text.load(std::memory_order_relaxed);
  if (offset == 0) return;
  text.store(0, std::memory_order_relaxed);
  segment.Free(offset, TextRecord::Bytes(segment.At<TextRecord>(offset)->bytes.load(std::memory_order_relaxed)));
}

std::optional<std::string> LoadText(const Segment& segment, Offset offset) {
  const uint64_t used = segment.used_bytes();
  if (offset == 0 || offset % sizeof(Word) != 0 || offset > used || used - offset < sizeof(TextRecord)) {
    return std::nullopt;
  }
  const TextRecord& record = *segment.At<TextRecord>(offset);
  const uint64_t bytes = record.bytes.load(std::memory_order_relaxed);
  if (bytes > used || TextRecord::Bytes(bytes) > used - offset) return std::nullopt;
  std::string text(bytes, '\0');
  for (size_t word = 0; word * sizeof(Word) < bytes; ++word) {
    const uint64_t bits = record.words[word].load(std::memory_order_relaxed);
    memcpy(text.data() + word * sizeof(Word), &bits, std::min(sizeof(Word), bytes - word * sizeof(Word)));
  }
  return text;
}

std::string PackTexts(std::span<const std::string_view> texts) {
  std::string packed;
  for (const std::string_view text : texts) {
    AppendLength(text.size(), packed);
    packed.append(text);
  }
  return packed;
}

std::optional<std::vector<std::string>> UnpackTexts(std::string_view packed) {
  std::vector<std::string> texts;
  while (!packed.empty()) {
    const std::optional<size_t> length = TakeLength(packed);
    if (!length.has_value() || *length > packed.size()) return std::nullopt;
    texts.emplace_back(packed.substr(0, *length));
    packed.remove_prefix(*length);
  }
  return texts;
}

}  // namespace toolvitals
