// A snapshot in Prometheus's protobuf format, delimited.
// Floor: render. A pure function; any thread.
#pragma once

#include <string>

#include "model/snapshot.h"
#include "render/render_options.h"

namespace toolvitals {

// Appends to `out`.
void RenderPrometheusProtobuf(const Snapshot& snapshot, const RenderOptions& options, std::string& out);

}  // namespace toolvitals
