// The table of formats.
// Floor: render.
#include "render/format.h"

#include "render/json.h"
#include "render/prometheus_protobuf.h"
#include "render/prometheus_text.h"

namespace toolvitals {
namespace {

void RenderAllJson(const Snapshot& snapshot, const RenderOptions&, std::string& out) { RenderJson(snapshot, out); }

constexpr ExpositionFormat kFormats[] = {
    {"json", "application", "json", "", "application/json", {&RenderAllJson}},
    {"prometheus", "text", "plain", "0.0.4", "text/plain; version=0.0.4; charset=utf-8", {&RenderPrometheusText}},
    {"prometheus1",
     "text",
     "plain",
     "1.0.0",
     "text/plain; version=1.0.0; charset=utf-8",
     {&RenderPrometheusText1},
     true},
    {"openmetrics",
     "application",
     "openmetrics-text",
     "1.0.0",
     "application/openmetrics-text; version=1.0.0; charset=utf-8",
     {&RenderOpenMetrics},
     true},
    {"protobuf",
     "application",
     "vnd.google.protobuf",
     "",
     "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
     {&RenderPrometheusProtobuf},
     true,
     "io.prometheus.client.MetricFamily",
     "delimited"},
};

}  // namespace

std::string ContentType(const ExpositionFormat& format, Escaping escaping) {
  std::string content_type(format.content_type);
  if (format.escapes) content_type.append("; escaping=").append(EscapingName(escaping));
  return content_type;
}

std::span<const ExpositionFormat> ExpositionFormats() { return kFormats; }

const ExpositionFormat* FindFormat(std::string_view name) {
  for (const ExpositionFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace toolvitals
