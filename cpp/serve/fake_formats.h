// A format table for tests: two formats that the product has, and two that it may have one day.
// Floor: serve, tests only.
#pragma once

#include <array>
#include <stdexcept>
#include <string>

#include "render/format.h"

namespace toolvitals {

inline void RenderFakeJson(const Snapshot& snapshot, const RenderOptions&, std::string& out) {
  out += "{\"uptime\": " + std::to_string(snapshot.timestamp_us) + "}";
}

// As large as the snapshot says, so that tests choose what fits a socket's buffers.
inline void RenderFakeText(const Snapshot& snapshot, const RenderOptions&, std::string& out) {
  out.append(snapshot.window_size, 'x');
}

inline void RenderNothing(const Snapshot&, const RenderOptions&, std::string&) { throw std::runtime_error("renderer"); }

inline constexpr std::array<ExpositionFormat, 4> kFakeFormats = {{
    {"json", "application", "json", "", "application/json", {&RenderFakeJson}},
    {"prometheus", "text", "plain", "0.0.4", "text/plain; version=0.0.4; charset=utf-8", {&RenderFakeText}},
    {"prometheus1", "text", "plain", "1.0.0", "text/plain; version=1.0.0; charset=utf-8", {&RenderFakeText}},
    {"openmetrics",
     "application",
     "openmetrics-text",
     "1.0.0",
     "application/openmetrics-text; version=1.0.0",
     {&RenderNothing}},
}};

inline constexpr const ExpositionFormat& kFakeJson = kFakeFormats[0];
inline constexpr const ExpositionFormat& kFakeText = kFakeFormats[1];

}  // namespace toolvitals
