// A snapshot in the text formats that a scrape reads: Prometheus's 0.0.4 and 1.0.0, OpenMetrics 1.0.0 and the draft of
// its 2.0.0.
// Floor: render. Pure functions; any thread. Counters are exact to 2^64.
#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"
#include "render/render_options.h"

namespace toolvitals {

// They append to `out`. Version 0.0.4 has no escaping but underscores.
void RenderPrometheusText(const Snapshot& snapshot, const RenderOptions& options, std::string& out);
void RenderPrometheusText1(const Snapshot& snapshot, const RenderOptions& options, std::string& out);
void RenderOpenMetrics(const Snapshot& snapshot, const RenderOptions& options, std::string& out);
void RenderOpenMetrics2(const Snapshot& snapshot, const RenderOptions& options, std::string& out);

// The families of tools and caches, to stand among others: OpenMetrics' end is left out. Returns their names, also of
// those that have no series.
std::vector<std::string> RenderToolText(const Snapshot& snapshot, bool open_metrics, std::string& out);

inline void RenderPrometheusText(const Snapshot& snapshot, std::string& out) {
  RenderPrometheusText(snapshot, RenderOptions(), out);
}

}  // namespace toolvitals
