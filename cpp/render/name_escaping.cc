// Each scheme, character by character. Floor: render.
#include "render/name_escaping.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "render/escape.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"allow-utf-8", "underscores", "dots", "values"};

enum class NameOf { kMetric, kLabel };

bool IsLegacyChar(char c, bool first, NameOf what) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c == ':' && what == NameOf::kMetric) ||
         (c >= '0' && c <= '9' && !first);
}

bool IsLegacy(std::string_view name, NameOf what) {
  for (size_t i = 0; i < name.size(); ++i) {
    if (!IsLegacyChar(name[i], i == 0, what)) return false;
  }
  return !name.empty();
}

// The character at the front of valid UTF-8, and its length.
std::pair<uint32_t, size_t> FirstCharacter(std::string_view text) {
  const auto lead = static_cast<uint8_t>(text[0]);
  const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code = code << 6 | (static_cast<uint8_t>(text[i]) & 0x3F);
  return {code, length};
}

std::string Valid(std::string_view name) {
  std::string valid;
  {
    Writer writer(valid);
    CopyValid(name, writer);
  }
  return valid;
}

void AppendEscaped(uint32_t code, Escaping escaping, std::string& out) {
  if (escaping == Escaping::kUnderscores) {
    out += '_';
  } else if (escaping == Escaping::kDots) {
    out += code == '.' ? "_dot_" : "__";
  } else {
    std::array<char, 8> digits;
    const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), code, 16).ptr;
    out.append("_").append(digits.data(), static_cast<size_t>(end - digits.data())).append("_");
  }
}

std::string Escape(std::string_view name, Escaping escaping, NameOf what) {
  const bool is_legacy = IsLegacy(name, what);
  if (is_legacy && escaping != Escaping::kDots) return std::string(name);
  const std::string valid = Valid(name);
  if (escaping == Escaping::kAllowUtf8) return valid;
  std::string escaped = escaping == Escaping::kValues ? "U__" : "";
  for (std::string_view rest = valid; !rest.empty();) {
    const auto [code, length] = FirstCharacter(rest);
    if (rest[0] == '_' && escaping != Escaping::kUnderscores) {
      escaped += "__";
    } else if (IsLegacyChar(rest[0], rest.size() == valid.size(), what)) {
      escaped += rest[0];
    } else {
      AppendEscaped(code, escaping, escaped);
    }
    rest.remove_prefix(length);
  }
  return escaped;
}

}  // namespace

std::string_view EscapingName(Escaping escaping) { return kNames[static_cast<size_t>(escaping)]; }

Escaping FindEscaping(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  return found == kNames.end() ? Escaping::kUnderscores : static_cast<Escaping>(found - kNames.begin());
}

bool IsLegacyName(std::string_view name) { return IsLegacy(name, NameOf::kMetric); }

bool IsLegacyLabelName(std::string_view name) { return IsLegacy(name, NameOf::kLabel); }

std::string EscapeName(std::string_view name, Escaping escaping) { return Escape(name, escaping, NameOf::kMetric); }

std::string EscapeLabelName(std::string_view name, Escaping escaping) { return Escape(name, escaping, NameOf::kLabel); }

}  // namespace toolvitals
