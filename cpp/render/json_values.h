// Values as JSON, each behind its key or what stands in front of it.
// Floor: render.
#pragma once

#include <cmath>
#include <cstdint>
#include <string_view>

#include "render/escape.h"
#include "render/writer.h"

namespace toolvitals {

inline void JsonString(std::string_view text, Writer& writer) {
  writer.Text("\"");
  EscapeJson(text, writer);
  writer.Text("\"");
}

// JSON has no NaN and no infinity: null.
inline void JsonDouble(std::string_view key, double value, Writer& writer) {
  writer.Text(key);
  if (std::isfinite(value)) {
    writer.ReprDouble(value);
  } else {
    writer.Text("null");
  }
}

inline void JsonUnsigned(std::string_view key, uint64_t value, Writer& writer) {
  writer.Text(key);
  writer.Unsigned(value);
}

}  // namespace toolvitals
