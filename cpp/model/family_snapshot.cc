// Encoding label sets as text, once.
// Floor: model.
#include "model/family_snapshot.h"

#include <algorithm>
#include <string_view>

#include "base/utf8.h"

namespace toolvitals {
namespace {

bool IsPlainLabelName(std::string_view name) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void AppendEscaped(std::string_view value, std::string& text) {
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
}

}  // namespace

LabelSet::LabelSet(Pairs labels) : pairs(std::move(labels)) { Encode(); }

LabelSet::LabelSet(Attributes of, std::string_view reserved) : attributes(std::move(of)) {
  AttributeLabels labels = LabelsOf(*attributes, reserved);
  pairs = std::move(labels.pairs);
  is_exact = labels.is_exact;
  Encode();
}

void LabelSet::Encode() {
  for (const auto& [name, value] : pairs) {
    if (!IsPlainLabelName(name) || !IsUtf8(value)) {
      text.clear();
      return;
    }
    if (!text.empty()) text += ',';
    text += name;
    text += "=\"";
    AppendEscaped(value, text);
    text += '"';
  }
  text.shrink_to_fit();
}

}  // namespace toolvitals
