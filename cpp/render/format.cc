// The table of formats.
// Floor: render.
#include "render/format.h"

#include "render/json.h"
#include "render/prometheus_text.h"

namespace toolvitals {
namespace {

constexpr ExpositionFormat kFormats[] = {
    {"json", "application", "json", "", "application/json", &RenderJson},
    {"prometheus", "text", "plain", "0.0.4", "text/plain; version=0.0.4; charset=utf-8", &RenderPrometheusText},
};

}  // namespace

std::span<const ExpositionFormat> ExpositionFormats() { return kFormats; }

const ExpositionFormat* FindFormat(std::string_view name) {
  for (const ExpositionFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace toolvitals
