// Which names, labels, units and modes a family may have, and its bytes. Floor: kinds.
#include "kinds/family_definition.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/hash_table.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "kinds/metric_kind.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

// Of a definition, as words.
constexpr size_t kNumbers = 9;

template <typename T>
std::string PackNumbers(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

template <typename T>
std::vector<T> UnpackNumbers(std::string_view packed) {
  std::vector<T> numbers(packed.size() / sizeof(T));
  if (!numbers.empty()) memcpy(numbers.data(), packed.data(), numbers.size() * sizeof(T));
  return numbers;
}

std::string PackStrings(const std::vector<std::string>& strings) {
  return PackTexts(std::vector<std::string_view>(strings.begin(), strings.end()));
}

absl::Status CheckLabelNames(const FamilyDefinition& definition) {
  if (definition.label_names.size() > kMaxLabels) {
    return absl::InvalidArgumentError(
        absl::StrCat("a metric has at most ", kMaxLabels, " labels, not ", definition.label_names.size()));
  }
  HashSet<std::string> seen;
  for (const std::string& name : definition.label_names) {
    if (absl::Status status = CheckText("a label name", name, kMaxNameBytes); !status.ok()) return status;
    if (name.empty()) return absl::InvalidArgumentError("label name cannot be empty");
    if (name == KindOf(definition.kind).ReservedLabel(definition) || name.starts_with("__")) {
      return absl::InvalidArgumentError(absl::StrCat("reserved label name '", name, "'"));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("label name '", name, "' is there twice"));
    }
  }
  return absl::OkStatus();
}

// Facts and states are labels with names that somebody chose for them; and what shows each process's value does so by a
// label, which attributes may have the name of.
absl::Status CheckOpen(const FamilyDefinition& definition) {
  if (!definition.is_open) return absl::OkStatus();
  if (!definition.label_names.empty()) {
    return absl::InvalidArgumentError("a family with attributes has no label names");
  }
  if (definition.kind == InstrumentKind::kInfo || definition.kind == InstrumentKind::kStateSet) {
    return absl::InvalidArgumentError("an info or a state set has labels, not attributes");
  }
  if (ShowsProcesses(definition)) {
    return absl::InvalidArgumentError(
        "a gauge with attributes cannot show each process: its mode must be min, max, sum or mostrecent, or one of "
        "these for live processes");
  }
  return absl::OkStatus();
}

}  // namespace

bool ShowsProcesses(const FamilyDefinition& definition) {
  const std::vector<std::string>& names = definition.label_names;
  return definition.kind == InstrumentKind::kGauge && AnyProcess(definition.gauge_mode) == GaugeMode::kAll &&
         std::find(names.begin(), names.end(), "pid") == names.end();
}

bool ShowsLatest(const FamilyDefinition& definition) {
  return definition.kind == InstrumentKind::kGauge && AnyProcess(definition.gauge_mode) == GaugeMode::kMostRecent;
}

bool ShowsLiveOnly(const FamilyDefinition& definition) {
  return definition.kind == InstrumentKind::kGauge && IsOfLiveOnly(definition.gauge_mode);
}

bool IsAlike(const FamilyDefinition& a, const FamilyDefinition& b) {
  return a.kind == b.kind && a.label_names == b.label_names && a.bounds == b.bounds && a.states == b.states &&
         a.quantiles == b.quantiles && a.gauge_mode == b.gauge_mode && a.is_open == b.is_open;
}

absl::Status CheckText(const char* what, std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, " has ", text.size(), " bytes, but may have ", max_bytes));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError(absl::StrCat(what, " is not valid UTF-8"));
  return absl::OkStatus();
}

absl::Status CheckDefinition(const FamilyDefinition& definition) {
  if (definition.name.empty()) return absl::InvalidArgumentError("metric name cannot be empty");
  absl::Status status = CheckText("the metric's name", definition.name, kMaxMetricNameBytes);
  status.Update(CheckText("the metric's documentation", definition.help, kMaxHelpBytes));
  status.Update(CheckText("the metric's unit", definition.unit, kMaxNameBytes));
  if (!IsKind(definition.kind)) status.Update(absl::InvalidArgumentError("a family has a kind"));
  if (!status.ok()) return status;
  status.Update(CheckLabelNames(definition));
  status.Update(CheckOpen(definition));
  return status.ok() ? KindOf(definition.kind).Check(definition) : status;
}

std::string PackDefinition(const FamilyDefinition& definition) {
  const std::vector<uint64_t> numbers = {static_cast<uint64_t>(definition.kind),
                                         definition.window_size,
                                         definition.ttl_ns,
                                         definition.exponential ? uint64_t{1} : uint64_t{0},
                                         static_cast<uint64_t>(static_cast<int64_t>(definition.buckets.schema)),
                                         definition.buckets.max_buckets,
                                         std::bit_cast<uint64_t>(definition.buckets.zero_threshold),
                                         static_cast<uint64_t>(definition.gauge_mode),
                                         definition.is_open ? uint64_t{1} : uint64_t{0}};
  const std::string packed_numbers = PackNumbers(numbers);
  const std::string label_names = PackStrings(definition.label_names);
  const std::string bounds = PackNumbers(definition.bounds);
  const std::string states = PackStrings(definition.states);
  const std::string quantiles = PackNumbers(definition.quantiles);
  const std::vector<std::string_view> parts = {definition.name, definition.help, definition.unit, packed_numbers,
                                               label_names,     bounds,          states,          quantiles};
  return PackTexts(parts);
}

std::optional<FamilyDefinition> UnpackDefinition(std::string_view packed) {
  const auto parts = UnpackTexts(packed);
  if (!parts.has_value() || parts->size() != 8) return std::nullopt;
  const std::vector<uint64_t> numbers = UnpackNumbers<uint64_t>((*parts)[3]);
  auto label_names = UnpackTexts((*parts)[4]);
  auto states = UnpackTexts((*parts)[6]);
  if (numbers.size() != kNumbers || numbers[7] >= kGaugeModes || !label_names.has_value() || !states.has_value())
    return std::nullopt;
  FamilyDefinition definition;
  definition.kind = static_cast<InstrumentKind>(numbers[0]);
  definition.name = (*parts)[0];
  definition.help = (*parts)[1];
  definition.unit = (*parts)[2];
  definition.label_names = *std::move(label_names);
  definition.bounds = UnpackNumbers<double>((*parts)[5]);
  definition.states = *std::move(states);
  definition.quantiles = UnpackNumbers<double>((*parts)[7]);
  definition.window_size = numbers[1];
  definition.ttl_ns = numbers[2];
  definition.exponential = numbers[3] != 0;
  definition.buckets.schema = static_cast<int32_t>(static_cast<int64_t>(numbers[4]));
  definition.buckets.max_buckets = numbers[5];
  definition.buckets.zero_threshold = std::bit_cast<double>(numbers[6]);
  definition.gauge_mode = static_cast<GaugeMode>(numbers[7]);
  definition.is_open = numbers[8] != 0;
  return definition;
}

}  // namespace toolvitals
