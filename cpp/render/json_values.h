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

// A number of an object, behind a comma, that is NaN where nothing was measured. One that was, and is too large for
// JSON, is null, and beside it the text that says which infinity it is.
inline void JsonMeasured(std::string_view name, double value, Writer& writer) {
  writer.Text(",\"");
  writer.Text(name);
  JsonDouble("\":", value, writer);
  if (!std::isinf(value)) return;
  writer.Text(",\"");
  writer.Text(name);
  writer.Text("_text\":\"");
  writer.GoDouble(value);
  writer.Text("\"");
}

inline void JsonUnsigned(std::string_view key, uint64_t value, Writer& writer) {
  writer.Text(key);
  writer.Unsigned(value);
}

}  // namespace toolvitals
