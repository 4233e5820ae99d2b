// Attributes as labels and as text.
// Floor: model.
#include "model/attributes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace toolvitals {
namespace {

constexpr std::string_view kExported = "exported_";

void AppendText(int64_t value, std::string& text) {
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end);
}

void AppendText(bool value, std::string& text) { text += value ? "true" : "false"; }

// With a point or an exponent, so that no double looks as an integer does.
void AppendText(double value, std::string& text) {
  if (std::isnan(value)) {
    text += "NaN";
    return;
  }
  if (std::isinf(value)) {
    text += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  std::array<char, 32> digits;
  // Where repr() of Python does without an exponent.
  const double size = std::abs(value);
  const bool is_plain = size == 0 || (size >= 1e-4 && size < 1e16);
  const auto format = is_plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value, format);
  const std::string_view written(digits.data(), static_cast<size_t>(end - digits.data()));
  text += written;
  if (written.find_first_of(".e") == std::string_view::npos) text += ".0";
}

void AppendText(std::string_view value, std::string& text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  // What has an escape of its own, and its letter.
  constexpr std::string_view kShort = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  text += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (const size_t place = kShort.find(c); place != std::string_view::npos) {
      text += '\\';
      text += kLetters[place];
    } else if (byte < 0x20) {
      text += "\\u00";
      text += kHex[byte >> 4];
      text += kHex[byte & 0xF];
    } else {
      text += c;
    }
  }
  text += '"';
}

void AppendText(const std::string& value, std::string& text) { AppendText(std::string_view(value), text); }

template <typename T>
void AppendText(const std::vector<T>& values, std::string& text) {
  text += '[';
  bool is_first = true;
  for (const auto& value : values) {
    if (!std::exchange(is_first, false)) text += ", ";
    AppendText(static_cast<const T&>(value), text);
  }
  text += ']';
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Whether it can be a label as it is; two underscores in front are Prometheus' own.
bool IsLabelName(std::string_view key) {
  return !IsDigit(key.front()) && !key.starts_with("__") &&
         std::all_of(key.begin(), key.end(), [](char c) { return IsLetter(c) || IsDigit(c) || c == '_'; });
}

std::string SanitizedOf(std::string_view key) {
  std::string name;
  for (const char c : key) {
    // The bytes behind the first of a character are the same character.
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;
    if (IsDigit(c) && name.empty()) name += '_';
    const char made = IsLetter(c) || IsDigit(c) ? c : '_';
    if (made != '_' || name.empty() || name.back() != '_') name += made;
  }
  return name;
}

std::string LabelNameOf(std::string_view key, std::string_view reserved) {
  std::string name = IsLabelName(key) ? std::string(key) : SanitizedOf(key);
  return name == reserved ? std::string(kExported) + name : name;
}

}  // namespace

std::string JsonOf(const AttributeValue& value) {
  std::string text;
  std::visit([&](const auto& typed) { AppendText(typed, text); }, value);
  return text;
}

std::string TextOf(const AttributeValue& value) {
  const auto* string = std::get_if<std::string>(&value);
  return string != nullptr ? *string : JsonOf(value);
}

AttributeLabels LabelsOf(const Attributes& attributes, std::string_view reserved) {
  AttributeLabels labels;
  for (const Attribute& attribute : attributes) {
    std::string name = LabelNameOf(attribute.key, reserved);
    labels.is_exact = labels.is_exact && name == attribute.key && std::holds_alternative<std::string>(attribute.value);
    const auto same =
        std::find_if(labels.pairs.begin(), labels.pairs.end(), [&](const auto& pair) { return pair.first == name; });
    if (same == labels.pairs.end()) {
      labels.pairs.emplace_back(std::move(name), TextOf(attribute.value));
    } else {
      same->second += ';';
      same->second += TextOf(attribute.value);
    }
  }
  return labels;
}

}  // namespace toolvitals
