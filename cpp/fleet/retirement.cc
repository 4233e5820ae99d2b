// Adding the cells of one segment to those of another. Floor: fleet.
#include "fleet/retirement.h"

#include <algorithm>

#include "kinds/metric_kind.h"
#include "kinds/packed_attributes.h"
#include "registry/series_budget.h"
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

// What says which series it is: its attributes, or the values of its labels, with that of a process behind those that
// the family has names for.
std::vector<std::string> ValuesOf(const LabelSet& labels, const FamilyDefinition& definition) {
  if (labels.attributes.has_value()) return TextsOf(*labels.attributes);
  std::vector<std::string> values;
  for (const auto& [name, value] : labels.pairs) values.emplace_back(value);
  if (values.size() > definition.label_names.size() + 1) values.resize(definition.label_names.size() + 1);
  return values;
}

// One row of a merged family.
void StoreRow(const FamilyPart& part, size_t row, Segment& segment, Series& series) {
  const FamilySnapshot& values = part.snapshot;
  SeriesRecord& record = series.record();
  KindOf(part.definition.kind).Store(part, row, segment, record);
  if (!values.created_us.empty()) {
    record.created_us.store(static_cast<uint64_t>(values.created_us[row]), std::memory_order_relaxed);
  }
  if (!part.changed_us.empty()) {
    record.created_us.store(static_cast<uint64_t>(part.changed_us[row]), std::memory_order_relaxed);
  }
  if (!part.used_ns.empty()) record.used_ns.store(part.used_ns[row], std::memory_order_relaxed);
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
  times_.Add(member.segment->header());
  times_.Store(collector_->segment().header());
  // Where nobody lives any more, the last one to end says which it was.
  if (const uint64_t version = member.segment->header().python_version.load(std::memory_order_relaxed); version != 0) {
    collector_->segment().header().python_version.store(version, std::memory_order_relaxed);
  }
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
  // Of a family that somebody who lives has in a registry of the program's own.
  options.identity = part.identity;
  absl::StatusOr<std::shared_ptr<Family>> made = collector_->instruments().Create(part.definition, options);
  if (!made.ok()) return false;
  Family& family = **made;
  family.Show(kDefaultRegistry, part.shown);
  Segment& segment = collector_->segment();
  for (size_t row = 0; row < part.keys->size(); ++row) {
    const bool is_overflow = part.shows_overflow && row + 1 == part.keys->size();
    const std::vector<std::string> values = ValuesOf(*(*part.keys)[row], part.definition);
    const std::shared_ptr<Series> series =
        is_overflow ? family.overflow()
                    : family.WithLabels(std::vector<std::string_view>(values.begin(), values.end()));
    // A family without labels has no series for those that a budget refuses.
    if (series == nullptr) continue;
    StoreRow(part, row, segment, *series);
    if (series->is_overflow() && !is_overflow) family.AddOverflowed(1);
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
