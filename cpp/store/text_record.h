// Bytes in a segment that may be read while their memory is given to another use: kept in words, copied word by word.
// Floor: store.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/segment.h"

namespace toolvitals {

struct TextRecord {
  Word bytes;
  Word words[1];  // the bytes, as many words as they fill

  static constexpr uint64_t Bytes(size_t text_bytes) {
    return sizeof(Word) * (1 + (text_bytes + sizeof(Word) - 1) / sizeof(Word));
  }
};

// Fills a record that has room for the text.
void StoreText(TextRecord& record, std::string_view text);

// A new record of the text; zero where the byte budget does not hold it.
Offset MakeText(Segment& segment, std::string_view text);
// Gives back the record that the word leads to, if it does to one.
void FreeText(Segment& segment, Word& text);

// What the record holds. Whoever reads memory that may be in use for something else by now has to check, afterwards,
// that it was not: nullopt only where the record cannot lie in the segment as it says it does.
std::optional<std::string> LoadText(const Segment& segment, Offset offset);

// Several texts in one: each after its length. Equal lists are equal texts, and unequal ones unequal.
std::string PackTexts(std::span<const std::string_view> texts);
// The other way; nullopt for what PackTexts() did not make.
std::optional<std::vector<std::string>> UnpackTexts(std::string_view packed);

}  // namespace toolvitals
