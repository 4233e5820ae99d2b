// Writing the lines of a scrape. Floor: render.
#include "render/prometheus_text.h"

#include "render/families.h"
#include "render/text_sink.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

void Render(TextDialect dialect, Escaping escaping, const Snapshot& snapshot, const RenderOptions& options,
            std::string& out) {
  Writer writer(out);
  if (!options.filtered) writer.Expect(ExpectedTextBytes(snapshot));
  TextSink sink(dialect, escaping, writer);
  WriteFamilies(snapshot, options, sink);
}

}  // namespace

void RenderPrometheusText(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  // Clients of this format may know no other names.
  Render(TextDialect::kPrometheus, Escaping::kUnderscores, snapshot, options, out);
}

void RenderPrometheusText1(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  Render(TextDialect::kPrometheus, options.escaping, snapshot, options, out);
}

void RenderOpenMetrics(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  Render(TextDialect::kOpenMetrics, options.escaping, snapshot, options, out);
}

void RenderOpenMetrics2(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  Render(TextDialect::kOpenMetrics2, options.escaping, snapshot, options, out);
}

std::vector<std::string> RenderToolText(const Snapshot& snapshot, bool open_metrics, std::string& out) {
  Writer writer(out);
  TextSink sink(open_metrics ? TextDialect::kOpenMetrics : TextDialect::kPrometheus, Escaping::kUnderscores, writer);
  const RenderOptions everything;
  FamilyList families(snapshot, everything, sink, FamilyList::Extent::kTools);
  families.WriteAll();
  return families.OwnNames();
}

}  // namespace toolvitals
