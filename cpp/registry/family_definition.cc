// Which names, units, bounds, quantiles and modes a family may have. Floor: registry.
#include "registry/family_definition.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "metrics/histogram.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

constexpr uint64_t kMinNativeBuckets = 2;
constexpr uint64_t kMaxNativeBuckets = 10'000;
constexpr double kThousandths = 1000;

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

absl::Status CheckText(const char* what, std::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes) {
    return absl::InvalidArgumentError(absl::StrCat(what, " has ", text.size(), " bytes, but may have ", max_bytes));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError(absl::StrCat(what, " is not valid UTF-8"));
  return absl::OkStatus();
}

absl::Status CheckLabelNames(const FamilyDefinition& definition) {
  if (definition.label_names.size() > kMaxLabels) {
    return absl::InvalidArgumentError(
        absl::StrCat("a metric has at most ", kMaxLabels, " labels, not ", definition.label_names.size()));
  }
  absl::flat_hash_set<std::string> seen;
  for (const std::string& name : definition.label_names) {
    if (absl::Status status = CheckText("a label name", name, kMaxNameBytes); !status.ok()) return status;
    if (name.empty()) return absl::InvalidArgumentError("label name cannot be empty");
    const bool own = (definition.kind == InstrumentKind::kHistogram && name == "le") ||
                     (definition.kind == InstrumentKind::kSummary && name == "quantile") ||
                     (definition.kind == InstrumentKind::kStateSet && name == definition.name);
    if (own || name.starts_with("__")) {
      return absl::InvalidArgumentError(absl::StrCat("reserved label name '", name, "'"));
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(absl::StrCat("label name '", name, "' is there twice"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHistogram(const FamilyDefinition& definition) {
  if (absl::Status status = HistogramBounds::Make(definition.bounds).status(); !status.ok()) return status;
  if (!definition.exponential) return absl::OkStatus();
  if (definition.buckets.schema < kMinSchema || definition.buckets.schema > kMaxSchema) {
    return absl::InvalidArgumentError(absl::StrCat("the schema of exponential buckets is ", definition.buckets.schema,
                                                   ", but must be ", kMinSchema, " to ", kMaxSchema));
  }
  if (definition.buckets.max_buckets < kMinNativeBuckets || definition.buckets.max_buckets > kMaxNativeBuckets) {
    return absl::InvalidArgumentError(absl::StrCat("a histogram has ", definition.buckets.max_buckets,
                                                   " exponential buckets at most, but must have ", kMinNativeBuckets,
                                                   " to ", kMaxNativeBuckets));
  }
  if (!(definition.buckets.zero_threshold >= 0) || std::isinf(definition.buckets.zero_threshold)) {
    return absl::InvalidArgumentError("the zero threshold of exponential buckets must be finite and not negative");
  }
  return absl::OkStatus();
}

absl::Status CheckSummary(const FamilyDefinition& definition) {
  const bool window = definition.window_size != 0;
  if (window != !definition.quantiles.empty()) {
    return absl::InvalidArgumentError("a summary has both, a window and quantiles of it, or neither");
  }
  if (window && (definition.window_size < kMinWindowSize || definition.window_size > kMaxWindowSize)) {
    return absl::InvalidArgumentError(absl::StrCat("window_size is ", definition.window_size, ", but must be ",
                                                   kMinWindowSize, " to ", kMaxWindowSize));
  }
  for (size_t i = 0; i < definition.quantiles.size(); ++i) {
    const double thousandths = definition.quantiles[i] * kThousandths;
    const bool whole = std::abs(thousandths - std::round(thousandths)) < 1e-9;
    if (!whole || !(thousandths > 0.5 && thousandths < kThousandths - 0.5) ||
        (i > 0 && definition.quantiles[i - 1] >= definition.quantiles[i])) {
      return absl::InvalidArgumentError(absl::StrCat("quantile ", definition.quantiles[i],
                                                     ": they must ascend and be whole thousandths, 0.001 to 0.999"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStates(const FamilyDefinition& definition) {
  if (definition.states.empty()) return absl::InvalidArgumentError("a state set has at least one state");
  absl::flat_hash_set<std::string> seen;
  for (const std::string& state : definition.states) {
    if (absl::Status status = CheckText("a state", state, kMaxLabelValueBytes); !status.ok()) return status;
    if (!seen.insert(state).second)
      return absl::InvalidArgumentError(absl::StrCat("state '", state, "' is there twice"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckDefinition(const FamilyDefinition& definition) {
  if (definition.name.empty()) return absl::InvalidArgumentError("metric name cannot be empty");
  absl::Status status = CheckText("the metric's name", definition.name, kMaxMetricNameBytes);
  status.Update(CheckText("the metric's documentation", definition.help, kMaxHelpBytes));
  status.Update(CheckText("the metric's unit", definition.unit, kMaxNameBytes));
  status.Update(CheckLabelNames(definition));
  if (!status.ok()) return status;
  switch (definition.kind) {
    case InstrumentKind::kHistogram:
      return CheckHistogram(definition);
    case InstrumentKind::kSummary:
      return CheckSummary(definition);
    case InstrumentKind::kStateSet:
      return CheckStates(definition);
    case InstrumentKind::kCounter:
    case InstrumentKind::kGauge:
    case InstrumentKind::kInfo:
      return absl::OkStatus();
    case InstrumentKind::kNone:
      break;
  }
  return absl::InvalidArgumentError("a family has a kind");
}

std::string PackDefinition(const FamilyDefinition& definition) {
  const std::vector<uint64_t> numbers = {static_cast<uint64_t>(definition.kind),
                                         definition.window_size,
                                         definition.ttl_ns,
                                         definition.exponential ? uint64_t{1} : uint64_t{0},
                                         static_cast<uint64_t>(static_cast<int64_t>(definition.buckets.schema)),
                                         definition.buckets.max_buckets,
                                         std::bit_cast<uint64_t>(definition.buckets.zero_threshold),
                                         static_cast<uint64_t>(definition.gauge_mode)};
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
  if (numbers.size() != 8 || numbers[7] >= kGaugeModes || !label_names.has_value() || !states.has_value())
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
  return definition;
}

}  // namespace toolvitals
