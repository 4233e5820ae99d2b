// What a family is: its names, and what its type needs to know.
// Floor: registry.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "metrics/exponential_histogram.h"
#include "registry/family_record.h"

namespace toolvitals {

struct FamilyDefinition {
  InstrumentKind kind = InstrumentKind::kCounter;
  std::string name;  // without the `_total` of a counter and the `_info` of an info
  std::string help;
  std::string unit;  // empty, or what the name ends with after an underscore
  std::vector<std::string> label_names;
  std::vector<double> bounds;       // of a histogram: ascending, finite, without +Inf
  std::vector<std::string> states;  // of a state set
  std::vector<double> quantiles;    // of a summary with a window: whole thousandths, 0.001 to 0.999
  uint64_t window_size = 0;         // samples of a summary's window; zero: it has none
  uint64_t ttl_seconds = 0;         // series that were not recorded for so long are no longer shown; zero: for ever
  bool exponential = false;         // whether a histogram has exponential buckets as well
  ExponentialOptions buckets;       // of those

  friend bool operator==(const FamilyDefinition&, const FamilyDefinition&) = default;
};

// InvalidArgument, with the value, the rule and what is allowed, for a definition that no family can have.
absl::Status CheckDefinition(const FamilyDefinition& definition);

// The definition as bytes for a segment, and back; nullopt for bytes that are none.
std::string PackDefinition(const FamilyDefinition& definition);
std::optional<FamilyDefinition> UnpackDefinition(std::string_view packed);

}  // namespace toolvitals
