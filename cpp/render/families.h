// Every family of a snapshot, once, in order: what is shown, whatever the format.
// Floor: render. A pure function; any thread.
//
// A family without a series is left out, and so is a series whose value was not measured. The names of families, labels
// and HELP texts of process_*, python_info and python_gc_* are those of prometheus_client, so that dashboards made for
// it work.
#pragma once

#include "render/family_sink.h"
#include "render/render_options.h"
#include "snapshot/snapshot.h"

namespace toolvitals {

void WriteFamilies(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink);

// Those of tools and caches alone, and no end behind them.
void WriteToolFamilies(const Snapshot& snapshot, FamilySink& sink);

// About how many bytes of text the families take, so that a string is allocated once.
size_t ExpectedTextBytes(const Snapshot& snapshot);

}  // namespace toolvitals
