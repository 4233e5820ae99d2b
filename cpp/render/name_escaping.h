// Names of metrics and labels that were not names before UTF-8 was allowed in them, made fit for clients that know only
// the older ones. The schemes are those of Prometheus 3.
// Floor: render.
#pragma once

#include <string>
#include <string_view>

namespace toolvitals {

enum class Escaping {
  kAllowUtf8,    // as it is
  kUnderscores,  // each character that may not stand in a name becomes an underscore
  kDots,         // a dot becomes _dot_, an underscore two, anything else that may not stand in a name two as well
  kValues,       // U__ and then each character that may not stand in a name by its code, between underscores
};

// The scheme's name as the `escaping` parameter has it, and the scheme of a name, kUnderscores for one that is unknown.
std::string_view EscapingName(Escaping escaping);
Escaping FindEscaping(std::string_view name);

// Whether it is a name for clients of any age: [a-zA-Z_:][a-zA-Z0-9_:]*.
bool IsLegacyName(std::string_view name);
// The same of a label, which has no colon.
bool IsLegacyLabelName(std::string_view name);

// Bytes that are no UTF-8 count as the replacement character.
std::string EscapeName(std::string_view name, Escaping escaping);
std::string EscapeLabelName(std::string_view name, Escaping escaping);

}  // namespace toolvitals
