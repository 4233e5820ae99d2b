// A snapshot in Prometheus's text format 0.0.4, what a scrape reads.
// Floor: render. A pure function; any thread.
//
// Every family comes once, with HELP and TYPE, its samples together; a family without a sample is left out, and so is
// a sample whose value was not measured. Counters are exact to 2^64. The names of families, labels and HELP texts of
// process_*, python_info and python_gc_* are those of prometheus_client, so that dashboards made for it work.
#pragma once

#include <string>

#include "snapshot/snapshot.h"

namespace toolvitals {

// Appends to `out`.
void RenderPrometheusText(const Snapshot& snapshot, std::string& out);

}  // namespace toolvitals
