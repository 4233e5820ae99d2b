// Adding the cells of one segment to those of another. Floor: fleet.
#include "fleet/retirement.h"

#include <algorithm>
#include <cmath>

#include "registry/registry.h"
#include "snapshot/family_merger.h"
#include "snapshot/tool_cells.h"
#include "store/directory.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

void AddTo(Word& word, uint64_t amount) { Add<kAlone>(word, amount); }

void AddHistogram(const Member& member, const HistogramCell& from, HistogramCell& into, size_t buckets) {
  AddTo(into.sum_integer, member.Counted(from.sum_integer));
  AddDouble<kAlone>(into.sum_float, member.CountedDouble(from.sum_float));
  for (size_t i = 0; i < buckets; ++i) AddTo(into.buckets[i], member.Counted(from.buckets[i]));
}

// The values of a series' labels, with that of a process behind those that the family has names for.
std::vector<std::string_view> ValuesOf(const LabelSet& labels, const FamilyDefinition& definition) {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : labels.pairs) values.emplace_back(value);
  if (values.size() > definition.label_names.size() + 1) values.resize(definition.label_names.size() + 1);
  return values;
}

void StoreNumber(const Number& number, CounterCell& cell) {
  if (number.is_whole) {
    cell.Increment<kAlone>(number.whole);
  } else if (number.real >= 0 && std::isfinite(number.real)) {
    // Anything else was never counted: it stood in a segment that somebody damaged.
    cell.Increment<kAlone>(number.real);
  }
}

// One row of a merged family.
void StoreRow(const FamilyPart& part, size_t row, Segment& segment, Series& series) {
  const FamilyDefinition& definition = part.definition;
  const FamilySnapshot& values = part.snapshot;
  SeriesRecord& record = series.record();
  switch (definition.kind) {
    case InstrumentKind::kCounter:
      StoreNumber(values.values[row], series.counter());
      break;
    case InstrumentKind::kGauge:
      if (values.timestamps_ms.empty() || values.timestamps_ms[row] == FamilySnapshot::kNoTimestamp) {
        series.gauge().Set(values.values[row].AsDouble());
      } else {
        series.gauge().Refresh(values.values[row].AsDouble());
      }
      break;
    case InstrumentKind::kHistogram: {
      const size_t buckets = definition.bounds.size() + 1;
      HistogramSeriesCell& cell = series.histogram();
      for (size_t i = 0; i < buckets; ++i) AddTo(cell.classic.buckets[i], values.counts[row * buckets + i]);
      AddDouble<kAlone>(cell.classic.sum_float, values.sums[row]);
      const Offset exponential = cell.exponential.load(std::memory_order_relaxed);
      if (exponential == 0) break;
      ExponentialCell& native = *segment.At<ExponentialCell>(exponential);
      if (values.natives[row] == nullptr) {
        AddTo(native.unplaced, 1);
      } else {
        native.Store(segment, *values.natives[row]);
      }
      break;
    }
    case InstrumentKind::kSummary: {
      SummarySeriesCell& cell = series.summary();
      AddTo(cell.count, values.counts[row]);
      AddDouble<kAlone>(cell.sum, values.sums[row]);
      if (part.samples.empty()) break;
      RingRecord& ring = *segment.At<RingRecord>(cell.window.ring.load(std::memory_order_relaxed));
      for (const double sample : part.samples[row]) cell.window.Record<kAlone>(ring, sample);
      break;
    }
    case InstrumentKind::kStateSet: {
      const size_t states = definition.states.size();
      for (size_t i = 0; i < states; ++i) {
        if (values.values[row * states + i].AsDouble() != 0) {
          record.As<StateSetSeriesCell>().state.store(i, std::memory_order_relaxed);
        }
      }
      break;
    }
    case InstrumentKind::kInfo:
    case InstrumentKind::kNone:
      break;
  }
  if (!values.created_us.empty()) {
    record.created_us.store(static_cast<uint64_t>(values.created_us[row]), std::memory_order_relaxed);
  }
  if (!part.changed_us.empty()) {
    record.created_us.store(static_cast<uint64_t>(part.changed_us[row]), std::memory_order_relaxed);
  }
  if (!part.used_ns.empty()) record.used_ns.store(part.used_ns[row], std::memory_order_relaxed);
}

// Facts are the labels that a key does not have.
void SetFacts(const FamilyPart& part, size_t row, Family& family, Series& series) {
  const LabelSet::Pairs& all = (*part.snapshot.labels)[row]->pairs;
  std::vector<std::string_view> facts;
  for (size_t i = (*part.keys)[row]->pairs.size(); i < all.size(); ++i) {
    facts.emplace_back(all[i].first);
    facts.emplace_back(all[i].second);
  }
  family.SetFacts(series, facts);
  series.record().created_us.store(static_cast<uint64_t>(part.changed_us[row]), std::memory_order_relaxed);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Retirement>> Retirement::Create(const CollectorOptions& options) {
  CollectorOptions roomy = options;
  // The series are the bound. Refusing bytes would leave segments of ended processes lying about.
  roomy.memory_limit_mb = kMaxMemoryLimitMb;
  absl::StatusOr<std::unique_ptr<Collector>> collector = Collector::Create(roomy);
  if (!collector.ok()) return collector.status();
  return std::unique_ptr<Retirement>(new Retirement(*std::move(collector)));
}

bool Retirement::Add(std::span<const Member> members, std::span<const Member> others) {
  for (const Member& member : members) {
    AddTools(member);
    AddHeader(member);
    AddProcesses(member);
  }
  return AddFamilies(members, others);
}

void Retirement::AddNothingOf(std::span<const Member> members) {
  for (const Member& member : members) AddProcesses(member);
}

bool Retirement::NoteTaken(std::string_view name) {
  return AppendToDirectory(collector_->segment(), SeriesKind::kTaken, name, 0);
}

void Retirement::AddTools(const Member& member) {
  ForEachSeries(*member.segment, [&](const DirectoryView& series) {
    if (!IsSeriesName(series.name)) return;
    if (series.kind == SeriesKind::kCache) {
      if (const auto* cell = member.segment->Find<CacheCell>(series.cell)) AddCache(member, series.name, *cell);
    } else if (series.kind == SeriesKind::kTool) {
      if (const ToolCell* cell = FindToolCell(*member.segment, series.cell)) AddTool(member, series.name, *cell);
    }
  });
}

void Retirement::AddCache(const Member& member, std::string_view name, const CacheCell& from) {
  CacheCell& into = collector_->Cache(name).cell();
  AddTo(into.hits, member.Counted(from.hits));
  AddTo(into.misses, member.Counted(from.misses));
  AddTo(into.evictions, member.Counted(from.evictions));
  AddTo(into.size_rejections, member.Counted(from.size_rejections));
}

void Retirement::AddTool(const Member& member, std::string_view name, const ToolCell& from) {
  const size_t buckets = DurationBuckets(*member.segment);
  ToolMetrics& tool = collector_->Tool(name);
  for (size_t i = 0; i < kOutcomes; ++i) {
    const auto outcome = static_cast<Outcome>(i);
    AddHistogram(member, OutcomeCell(from, outcome, buckets), tool.outcome(outcome), buckets);
  }
  ForEachErrorType(*member.segment, from, [&](std::string_view type, const HistogramCell& histogram) {
    // A type that nobody can read is still an error.
    HistogramCell& into =
        IsSeriesName(type) ? collector_->ErrorType(tool, type) : tool.outcome(Outcome::kErrorOverflow);
    AddHistogram(member, histogram, into, buckets);
  });
  AddWindow(member, from.window, tool.cell().window);
  if (from.first_item.ring.load(std::memory_order_relaxed) == 0) return;
  collector_->KeepFirstItems(tool);
  AddWindow(member, from.first_item, tool.cell().first_item);
}

void Retirement::AddWindow(const Member& member, const WindowCell& from, WindowCell& into) {
  const Offset ring = into.ring.load(std::memory_order_relaxed);
  if (ring == 0) return;
  std::vector<double> samples;
  ReadWindow(member, from, PositionOf(member, from), samples);
  for (const double sample : samples) into.Record<kAlone>(*collector_->segment().At<RingRecord>(ring), sample);
}

void Retirement::AddHeader(const Member& member) {
  const SegmentHeader& from = member.segment->header();
  SegmentHeader& into = collector_->segment().header();
  const auto add = [&](Word& sum, const Word& word) { AddTo(sum, member.Counted(word)); };
  for (size_t i = 0; i < kDropReasonSlots; ++i) add(into.dropped[i], from.dropped[i]);
  add(into.scrapes, from.scrapes);
  add(into.scrape_ns_sum, from.scrape_ns_sum);
  for (size_t i = 0; i < kGcGenerations; ++i) {
    add(into.gc[i].collections, from.gc[i].collections);
    add(into.gc[i].objects_collected, from.gc[i].objects_collected);
    add(into.gc[i].objects_uncollectable, from.gc[i].objects_uncollectable);
  }
}

void Retirement::AddProcesses(const Member& member) {
  AddTo(collector_->segment().header().unshared, member.segment->header().unshared.load(std::memory_order_relaxed));
  const bool is_sum = member.state == MemberState::kRetired;
  AddTo(collector_->segment().header().retired_processes,
        is_sum ? member.segment->header().retired_processes.load(std::memory_order_relaxed) : 1);
}

bool Retirement::AddFamilies(std::span<const Member> members, std::span<const Member> others) {
  FamilyMerger merger;
  // Also those that are unlike each other under one name, side by side, so that nothing is lost.
  const std::vector<FamilyPart> parts = merger.ReadToRetire(members, others);
  return std::all_of(parts.begin(), parts.end(), [&](const FamilyPart& part) { return AddFamily(part); });
}

bool Retirement::AddFamily(const FamilyPart& part) {
  // Nobody has to see of a hidden one that there was such a family.
  if (!part.shown && part.keys->empty()) return true;
  FamilyOptions options;
  options.by_process = ShowsProcesses(part.definition);
  absl::StatusOr<std::shared_ptr<Family>> made = collector_->instruments().Create(part.definition, options);
  if (!made.ok()) return false;
  Family& family = **made;
  family.Show(kDefaultRegistry, part.shown);
  Segment& segment = collector_->segment();
  for (size_t row = 0; row < part.keys->size(); ++row) {
    const bool is_overflow = part.shows_overflow && row + 1 == part.keys->size();
    const std::shared_ptr<Series> series =
        is_overflow ? family.overflow() : family.WithLabels(ValuesOf(*(*part.keys)[row], part.definition));
    // A family without labels has no series for those that a budget refuses.
    if (series == nullptr) continue;
    StoreRow(part, row, segment, *series);
    if (series->is_overflow() && !is_overflow) family.AddOverflowed(1);
    if (part.definition.kind == InstrumentKind::kInfo) SetFacts(part, row, family, *series);
  }
  // The one series of a family without labels is made with it; none of them had recorded into it.
  if (part.keys->empty()) family.Clear();
  family.AddOverflowed(part.overflowed);
  families_.push_back(*std::move(made));
  return true;
}

std::vector<std::string> TakenSegments(const Segment& retired) {
  std::vector<std::string> names;
  ForEachSeries(retired, [&](const DirectoryView& entry) {
    if (entry.kind == SeriesKind::kTaken) names.emplace_back(entry.name);
  });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace toolvitals
