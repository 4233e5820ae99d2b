// A snapshot as JSON (RFC 8259), the body of GET /metrics.json and what the getters of the Python collector return.
// Floor: render. Pure functions; any thread.
//
// Floats read back as the very doubles of the snapshot and always look like floats; what was not measured is null.
#pragma once

#include <string>

#include "model/snapshot.h"
#include "render/render_options.h"

namespace toolvitals {

// The version of the shape. Within one version keys are added, never renamed.
inline constexpr int kJsonSchemaVersion = 1;

// Each appends one object to `out`. Of the options only `own_families` counts.
void RenderJson(const Snapshot& snapshot, std::string& out, const RenderOptions& options = {});
void RenderToolJson(const ToolSnapshot& tool, std::string& out);
void RenderCacheJson(const CacheSnapshot& cache, std::string& out);
// The value of the "system" key: the process and its interpreter.
void RenderSystemJson(const Snapshot& snapshot, std::string& out);

}  // namespace toolvitals
