// What a family is: its names, and what its type needs to know.
// Floor: kinds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "kinds/family_record.h"
#include "metrics/exponential_histogram.h"

namespace toolvitals {

// Which of several processes' values a gauge shows. The numbers are part of the layout. The last bit: only those of
// processes that live.
enum class GaugeMode : uint64_t {
  kAll = 0,  // each, with its process's number as the label `pid`
  kLiveAll = 1,
  kMin = 2,
  kLiveMin = 3,
  kMax = 4,
  kLiveMax = 5,
  kSum = 6,
  kLiveSum = 7,
  kMostRecent = 8,  // the one that was set last
  kLiveMostRecent = 9,
};
inline constexpr uint64_t kGaugeModes = 10;

constexpr GaugeMode AnyProcess(GaugeMode mode) { return static_cast<GaugeMode>(static_cast<uint64_t>(mode) & ~1u); }
constexpr bool IsOfLiveOnly(GaugeMode mode) { return (static_cast<uint64_t>(mode) & 1) != 0; }

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
  uint64_t ttl_ns = 0;              // series that were not recorded for so long are no longer shown; zero: for ever
  bool exponential = false;         // whether a histogram has exponential buckets as well
  ExponentialOptions buckets;       // of those
  GaugeMode gauge_mode = GaugeMode::kAll;
  // Series have attributes of their own (model/attributes.h) in the place of values for `label_names`, which is empty.
  bool is_open = false;

  friend bool operator==(const FamilyDefinition&, const FamilyDefinition&) = default;
};

// Whether each process's value is shown. With a label `pid` of its own a family has nothing that could tell processes
// apart; of those the most recent value is shown.
bool ShowsProcesses(const FamilyDefinition& definition);
// Whether it is a gauge of which the value that was set last is shown.
bool ShowsLatest(const FamilyDefinition& definition);
// Whether it is a gauge of which the values of processes that have ended are not shown.
bool ShowsLiveOnly(const FamilyDefinition& definition);
// Whether what two processes have of the name can be added up.
bool IsAlike(const FamilyDefinition& a, const FamilyDefinition& b);

// InvalidArgument where a text is longer, or no UTF-8; `what` names it.
absl::Status CheckText(const char* what, std::string_view text, size_t max_bytes);
// InvalidArgument, with the value, the rule and what is allowed, for a definition that no family can have.
absl::Status CheckDefinition(const FamilyDefinition& definition);

// The definition as bytes for a segment, and back; nullopt for bytes that are none.
std::string PackDefinition(const FamilyDefinition& definition);
std::optional<FamilyDefinition> UnpackDefinition(std::string_view packed);

}  // namespace toolvitals
