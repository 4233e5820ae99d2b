// Writing MetricFamily messages by protozero. Floor: render.
#include "render/prometheus_protobuf.h"

#include "render/families.h"
#include "render/protobuf_sink.h"

namespace toolvitals {

void RenderPrometheusProtobuf(const Snapshot& snapshot, const RenderOptions& options, std::string& out) {
  ProtobufSink sink(options.escaping, out);
  WriteFamilies(snapshot, options, sink);
}

}  // namespace toolvitals
