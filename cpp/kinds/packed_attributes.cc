// The bytes of attributes: docs/explanation/segment-layout.md has them.
// Floor: kinds.
#include "kinds/packed_attributes.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/utf8.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

constexpr size_t kWordBytes = 8;

// Lower case for one value, upper case for an array, in the order of AttributeValue's types.
constexpr std::string_view kTypes = "sbidSBID";

uint64_t BitsOf(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t BitsOf(double value) {
  if (std::isnan(value)) return std::bit_cast<uint64_t>(std::numeric_limits<double>::quiet_NaN());
  return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
}

template <typename T>
void AppendWord(T value, std::string& packed) {
  const uint64_t bits = BitsOf(value);
  packed.append(reinterpret_cast<const char*>(&bits), kWordBytes);
}

void Append(const std::string& value, std::string& packed) { packed += value; }
void Append(bool value, std::string& packed) { packed += value ? '\1' : '\0'; }
void Append(int64_t value, std::string& packed) { AppendWord(value, packed); }
void Append(double value, std::string& packed) { AppendWord(value, packed); }
void Append(const std::vector<std::string>& values, std::string& packed) {
  packed += PackTexts(std::vector<std::string_view>(values.begin(), values.end()));
}
template <typename T>
void Append(const std::vector<T>& values, std::string& packed) {
  for (const T value : values) Append(value, packed);
}

template <typename T>
std::optional<std::vector<T>> UnpackWords(std::string_view packed) {
  if (packed.size() % kWordBytes != 0) return std::nullopt;
  std::vector<T> values;
  for (; !packed.empty(); packed.remove_prefix(kWordBytes)) {
    uint64_t bits = 0;
    memcpy(&bits, packed.data(), kWordBytes);
    // Only as they are packed: two forms of one value would be two series of the same attributes.
    if (bits != BitsOf(std::bit_cast<T>(bits))) return std::nullopt;
    values.push_back(std::bit_cast<T>(bits));
  }
  return values;
}

std::optional<std::vector<bool>> UnpackBools(std::string_view packed) {
  std::vector<bool> values;
  for (const char c : packed) {
    if (c != '\0' && c != '\1') return std::nullopt;
    values.push_back(c == '\1');
  }
  return values;
}

std::optional<std::vector<std::string>> UnpackStrings(std::string_view packed) {
  auto texts = UnpackTexts(packed);
  if (!texts.has_value() || PackTexts(std::vector<std::string_view>(texts->begin(), texts->end())) != packed) {
    return std::nullopt;
  }
  for (const std::string& text : *texts) {
    if (!IsUtf8(text)) return std::nullopt;
  }
  return texts;
}

template <typename T>
std::optional<AttributeValue> Array(std::optional<std::vector<T>> values) {
  if (!values.has_value()) return std::nullopt;
  return AttributeValue(*std::move(values));
}

template <typename T>
std::optional<AttributeValue> Scalar(const std::optional<std::vector<T>>& values) {
  if (!values.has_value() || values->size() != 1) return std::nullopt;
  return AttributeValue(static_cast<T>(values->front()));
}

}  // namespace

std::string PackValue(const AttributeValue& value) {
  std::string packed(1, kTypes[value.index()]);
  std::visit([&](const auto& typed) { Append(typed, packed); }, value);
  return packed;
}

std::optional<AttributeValue> UnpackValue(std::string_view packed) {
  if (packed.empty()) return std::nullopt;
  const std::string_view bytes = packed.substr(1);
  switch (packed.front()) {
    case 's':
      if (!IsUtf8(bytes)) return std::nullopt;
      return AttributeValue(std::string(bytes));
    case 'b':
      return Scalar(UnpackBools(bytes));
    case 'i':
      return Scalar(UnpackWords<int64_t>(bytes));
    case 'd':
      return Scalar(UnpackWords<double>(bytes));
    case 'S':
      return Array(UnpackStrings(bytes));
    case 'B':
      return Array(UnpackBools(bytes));
    case 'I':
      return Array(UnpackWords<int64_t>(bytes));
    case 'D':
      return Array(UnpackWords<double>(bytes));
    default:
      return std::nullopt;
  }
}

std::vector<std::string> TextsOf(const Attributes& attributes) {
  std::vector<std::string> texts;
  texts.reserve(2 * attributes.size());
  for (const Attribute& attribute : attributes) {
    texts.push_back(attribute.key);
    texts.push_back(PackValue(attribute.value));
  }
  return texts;
}

std::optional<Attributes> AttributesOf(std::span<const std::string> texts) {
  if (texts.size() % 2 != 0) return std::nullopt;
  Attributes attributes;
  attributes.reserve(texts.size() / 2);
  for (size_t i = 0; i < texts.size(); i += 2) {
    std::optional<AttributeValue> value = UnpackValue(texts[i + 1]);
    const bool ascends = attributes.empty() || attributes.back().key < texts[i];
    if (!value.has_value() || texts[i].empty() || !IsUtf8(texts[i]) || !ascends) return std::nullopt;
    attributes.push_back({texts[i], *std::move(value)});
  }
  return attributes;
}

}  // namespace toolvitals
