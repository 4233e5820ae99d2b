// Finding or making the family that a name, a type and labels ask for, within the bounds. Floor: ingest.
#include "ingest/ingest_families.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "collector/collector.h"
#include "ingest/ingest_limits.h"
#include "kinds/metric_kind.h"
#include "kinds/packed_attributes.h"

namespace toolvitals {
namespace {

constexpr std::string_view kCounterSuffix = "_total";

// Those of the process and of toolvitals itself.
constexpr std::array<std::string_view, 3> kReservedPrefixes = {"process_", "python_", "toolvitals_"};

InstrumentKind KindOf(const ValueRecord& record) {
  switch (record.kind) {
    case ValueRecord::Kind::kCounter:
      return InstrumentKind::kCounter;
    case ValueRecord::Kind::kGauge:
      return InstrumentKind::kGauge;
    case ValueRecord::Kind::kObserve:
      break;
  }
  return InstrumentKind::kHistogram;
}

FamilyDefinition Define(InstrumentKind kind, std::string name, std::string help) {
  FamilyDefinition definition;
  definition.kind = kind;
  if (kind == InstrumentKind::kHistogram) {
    if (name.ends_with("_bytes")) {
      definition.bounds.assign(kByteBounds.begin(), kByteBounds.end());
    } else {
      definition.bounds.assign(kDefaultDurationBounds.begin(), kDefaultDurationBounds.end());
    }
    definition.exponential = true;
  }
  definition.name = std::move(name);
  definition.help = std::move(help);
  return definition;
}

absl::StatusOr<std::shared_ptr<Family>> Create(InstrumentStore& store, FamilyDefinition definition,
                                               uint64_t max_series) {
  absl::StatusOr<std::shared_ptr<Family>> family =
      store.Create(std::move(definition), FamilyOptions{.max_series = max_series});
  if (family.ok()) (*family)->Show(kDefaultRegistry, true);
  return family;
}

// The label that a histogram's buckets have.
bool HasBoundLabel(const ValueRecord& record) {
  return std::any_of(record.labels.begin(), record.labels.end(), [](const auto& label) { return label.first == "le"; });
}

}  // namespace

absl::StatusOr<std::shared_ptr<Family>> MakeIngestFamily(InstrumentStore& store, InstrumentKind kind, std::string name,
                                                         std::string help, std::vector<std::string> label_names,
                                                         uint64_t max_series, GaugeMode gauge_mode) {
  FamilyDefinition definition = Define(kind, std::move(name), std::move(help));
  if (kind == InstrumentKind::kGauge) definition.gauge_mode = gauge_mode;
  definition.label_names = std::move(label_names);
  return Create(store, std::move(definition), max_series);
}

Series& UseSeries(Family& family, std::span<const std::string_view> values, std::shared_ptr<Series>& holder) {
  holder = family.WithLabels(values);
  if (holder->counts_touches()) holder->Touch();
  return *holder;
}

void IngestFamilies::TakeBuiltInNames() {
  for (const std::string_view counter :
       {"tool_calls", "tool_call_errors", "cache_requests", "cache_evictions", "cache_size_rejections"}) {
    TakeNames(InstrumentKind::kCounter, counter);
  }
  for (const std::string_view gauge :
       {"tool_call_latency_window_seconds", "tool_first_item_latency_window_seconds", "tool_calls_in_progress",
        "tool_calls_oldest_in_progress_seconds", "cache_hit_ratio"}) {
    TakeNames(InstrumentKind::kGauge, gauge);
  }
  TakeNames(InstrumentKind::kHistogram, "tool_call_duration_seconds");
}

bool IngestFamilies::TakeNames(InstrumentKind kind, std::string_view name) {
  return names_.Take({.prefix = "", .name = name, .type = toolvitals::KindOf(kind).type(), .help = ""});
}

IngestResult IngestFamilies::Record(const ValueRecord& record) {
  Family* family = nullptr;
  if (const IngestResult found = Find(record, family); found != IngestResult::kAccepted) return found;
  Attributes attributes;
  for (const auto& [name, value] : record.labels) attributes.push_back({name, value});
  const std::vector<std::string> texts = TextsOf(attributes);
  const absl::InlinedVector<std::string_view, 8> values(texts.begin(), texts.end());
  std::shared_ptr<Series> holder;
  Series& series = UseSeries(*family, values, holder);
  switch (record.kind) {
    case ValueRecord::Kind::kCounter:
      series.counter().Increment<Writers::kConcurrent>(record.value);
      break;
    case ValueRecord::Kind::kGauge:
      series.gauge().Set(record.value);
      break;
    case ValueRecord::Kind::kObserve:
      series.histogram().Observe<Writers::kConcurrent>(family->segment(), family->bounds().BucketOf(record.value),
                                                       record.value);
      break;
  }
  return IngestResult::kAccepted;
}

IngestResult IngestFamilies::Find(const ValueRecord& record, Family*& family) {
  const InstrumentKind kind = KindOf(record);
  std::string name = record.name;
  if (kind == InstrumentKind::kCounter && name.ends_with(kCounterSuffix)) {
    name.resize(name.size() - kCounterSuffix.size());
    if (name.empty()) return IngestResult::kName;
  }
  const auto found = families_.find(name);
  if (found == families_.end()) return Make(kind, name, record, family);
  if (found->second == nullptr) return IngestResult::kNoMemory;
  const FamilyDefinition& definition = found->second->definition();
  if (definition.kind != kind) return IngestResult::kConflict;
  if (kind == InstrumentKind::kHistogram && HasBoundLabel(record)) return IngestResult::kLabels;
  family = found->second.get();
  return IngestResult::kAccepted;
}

IngestResult IngestFamilies::Make(InstrumentKind kind, const std::string& name, const ValueRecord& record,
                                  Family*& family) {
  const auto is_prefix = [&](std::string_view prefix) { return name.starts_with(prefix); };
  if (std::any_of(kReservedPrefixes.begin(), kReservedPrefixes.end(), is_prefix)) return IngestResult::kConflict;
  if (families_.size() == kMaxIngestFamilies) return IngestResult::kFamilies;
  if (kind == InstrumentKind::kHistogram && HasBoundLabel(record)) return IngestResult::kLabels;
  if (!TakeNames(kind, name)) return IngestResult::kConflict;
  FamilyDefinition definition = Define(kind, name, "Sent by another program.");
  definition.is_open = true;
  if (kind == InstrumentKind::kGauge) definition.gauge_mode = GaugeMode::kMostRecent;
  const absl::StatusOr<std::shared_ptr<Family>> made = Create(store_, std::move(definition), kMaxSeriesPerIngestFamily);
  // One that there was no memory for is kept as such: it counts as a name, and asking for memory again and again with
  // every line would help nobody.
  families_.emplace(name, made.ok() ? *made : nullptr);
  if (!made.ok()) return IngestResult::kNoMemory;
  family = made->get();
  return IngestResult::kAccepted;
}

}  // namespace toolvitals
