// The words for each outcome of a line. Floor: ingest.
#include "ingest/ingest_result.h"

#include <array>

namespace toolvitals {

std::string_view IngestResultName(IngestResult result) {
  constexpr std::array<std::string_view, kIngestResults> kNames = {
      "accepted", "line_too_long",   "incomplete_line", "no_memory", "encoding",      "json", "not_object",
      "too_deep", "duplicate_field", "version",         "kind",      "missing_field", "type", "number",
      "name",     "labels",          "timestamp",       "conflict",  "families"};
  return kNames[static_cast<size_t>(result)];
}

}  // namespace toolvitals
