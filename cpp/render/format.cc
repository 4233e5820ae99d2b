// The table of formats.
// Floor: render.
#include "render/format.h"

#include "render/json.h"
#include "render/prometheus_protobuf.h"
#include "render/prometheus_text.h"

namespace toolvitals {
namespace {

void RenderAllJson(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  RenderJson(snapshot, out, options);
}

constexpr ExpositionFormat kFormats[] = {
    {.name = "json",
     .type = "application",
     .subtype = "json",
     .version = "",
     .content_type = "application/json",
     .render = {&RenderAllJson}},
    {.name = "prometheus",
     .type = "text",
     .subtype = "plain",
     .version = "0.0.4",
     .content_type = "text/plain; version=0.0.4; charset=utf-8",
     .render = {&RenderPrometheusText},
     .start = &StartPrometheusText},
    {.name = "prometheus1",
     .type = "text",
     .subtype = "plain",
     .version = "1.0.0",
     .content_type = "text/plain; version=1.0.0; charset=utf-8",
     .render = {&RenderPrometheusText1},
     .escapes = true,
     .start = &StartPrometheusText1},
    {.name = "openmetrics",
     .type = "application",
     .subtype = "openmetrics-text",
     .version = "1.0.0",
     .content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
     .render = {&RenderOpenMetrics},
     .escapes = true,
     .start = &StartOpenMetrics},
    {.name = "openmetrics2",
     .type = "application",
     .subtype = "openmetrics-text",
     .version = "2.0.0",
     .content_type = "application/openmetrics-text; version=2.0.0; charset=utf-8",
     .render = {&RenderOpenMetrics2},
     .escapes = true,
     .start = &StartOpenMetrics2},
    {.name = "protobuf",
     .type = "application",
     .subtype = "vnd.google.protobuf",
     .version = "",
     .content_type = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
     .render = {&RenderPrometheusProtobuf},
     .escapes = true,
     .proto = "io.prometheus.client.MetricFamily",
     .encoding = "delimited",
     .start = &StartPrometheusProtobuf},
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
