// A native histogram as OpenMetrics' draft of version 2 writes it where a number would stand, by prometheus_client's
// reading of that draft.
// Floor: render. A pure function.
#pragma once

#include "model/family_snapshot.h"
#include "render/writer.h"

namespace toolvitals {

// `{count:3,sum:4.5,schema:3,zero_threshold:1e-05,zero_count:0,positive_spans:[-3:2],positive_deltas:[1,1]}`
void WriteNative(const NativeHistogram& native, double sum, Writer& writer);

}  // namespace toolvitals
