// Making and forgetting families, and giving memory back.
// Floor: registry.
#include "registry/instrument_store.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

constexpr size_t kFirstRecords = 16;

}  // namespace

absl::StatusOr<std::shared_ptr<Family>> InstrumentStore::Create(FamilyDefinition definition,
                                                                const FamilyOptions& options) {
  if (absl::Status status = CheckDefinition(definition); !status.ok()) return status;
  std::unique_ptr<const HistogramBounds> bounds;
  if (definition.kind == InstrumentKind::kHistogram) {
    absl::StatusOr<HistogramBounds> made = HistogramBounds::Make(definition.bounds);
    if (!made.ok()) return made.status();
    bounds = std::make_unique<const HistogramBounds>(*std::move(made));
  }
  const std::string packed = PackDefinition(definition);
  const absl::Status full = absl::ResourceExhaustedError(
      absl::StrCat("no memory is left in the metrics store for the metric '", definition.name, "'"));
  // Outside the mutex's scope: where it fails, what was made goes by the way that every series goes.
  std::shared_ptr<Family> family;
  absl::MutexLock lock(&mutex_);
  FamilyRecord* record = TakeRecord();
  const Offset text = record == nullptr ? 0 : MakeText(segment_, packed);
  if (text == 0) {
    if (record != nullptr) free_records_.push_back(record);
    return full;
  }
  record->definition.store(text, std::memory_order_relaxed);
  record->overflowed.store(0, std::memory_order_relaxed);
  const InstrumentKind kind = definition.kind;
  absl::Cleanup free_record = [&] {
    FreeText(segment_, record->definition);
    free_records_.push_back(record);
  };
  family = std::make_shared<Family>(Family::Key(), *this, *record, std::move(definition), options, std::move(bounds));
  std::move(free_record).Cancel();
  families_.insert(family.get());
  const bool labelled = options.by_process || family->has_labels();
  // A family without labels is there because somebody wrote it into the program: it is counted, and never refused.
  if (!labelled) series_budget_.CountSeries();
  const std::shared_ptr<Series> first = labelled ? family->Make("", /*is_overflow=*/true) : family->Add("");
  if (first == nullptr) return full;
  if (labelled) {
    record->overflow.store(segment_.OffsetOf(&first->record()), std::memory_order_relaxed);
    family->overflow_ = first;
  }
  record->kind.store(static_cast<uint64_t>(kind), std::memory_order_relaxed);
  record->membership.fetch_add(1, std::memory_order_relaxed);
  // Pairs with the acquire of a reader, for whom the number vouches for the rest.
  record->incarnation.store(options.identity != 0 ? options.identity : identities_.Next(), std::memory_order_release);
  return family;
}

// A record that is nobody's until its incarnation is set.
FamilyRecord* InstrumentStore::TakeRecord() {
  if (!free_records_.empty()) {
    FamilyRecord* record = free_records_.back();
    free_records_.pop_back();
    return record;
  }
  // Room in the list for as many as there are, so that giving one back cannot fail.
  if (free_records_.capacity() <= records_) free_records_.reserve(std::max(kFirstRecords, 2 * records_));
  const Offset offset = segment_.Allocate(sizeof(FamilyRecord));
  if (offset == 0) return nullptr;
  ++records_;
  return AppendToDirectory(segment_, SeriesKind::kFamily, "", offset) ? segment_.At<FamilyRecord>(offset) : nullptr;
}

void InstrumentStore::Forget(Family& family, FamilyRecord& record) {
  families_.erase(&family);
  record.incarnation.store(0, std::memory_order_relaxed);
  // Pairs with the acquire fence of a reader: one that saw anything of what follows sees that the family is over.
  std::atomic_thread_fence(std::memory_order_release);
  record.membership.fetch_add(1, std::memory_order_relaxed);
  for (Word* word : {&record.kind, &record.shown, &record.first, &record.overflow}) {
    word->store(0, std::memory_order_relaxed);
  }
  FreeText(segment_, record.definition);
  free_records_.push_back(&record);
}

void InstrumentStore::FreeSeries(Series& series) {
  absl::MutexLock lock(&mutex_);
  FreeBlocks(series);
}

void InstrumentStore::FreeBlocks(Series& series) {
  SeriesRecord& record = series.record_;
  if (series.freed_) return;
  series.freed_ = true;
  record.generation.store(0, std::memory_order_relaxed);
  // Pairs with the acquire fence of a reader: one that saw the memory's next use sees that the series is over.
  std::atomic_thread_fence(std::memory_order_release);
  FreeText(segment_, record.labels);
  series.kind_.Free(segment_, record, series.bytes_);
  const size_t slots = series.kind_.ExemplarSlots(series.bytes_);
  segment_.Free(record.exemplars.exchange(0, std::memory_order_relaxed), slots * sizeof(ExemplarSlot));
  segment_.Free(segment_.OffsetOf(&record), series.bytes_);
}

void InstrumentStore::ForEachRing(absl::FunctionRef<void(const Word&)> visit) const {
  for (const Family* family : families_) {
    const MetricKind& kind = KindOf(family->definition_.kind);
    const auto visit_ring = [&](const Series& series) {
      if (const Word* ring = kind.Ring(family->definition_, series.record())) visit(*ring);
    };
    for (const Series* series = family->first_; series != nullptr; series = series->after_) visit_ring(*series);
    if (family->overflow_ != nullptr) visit_ring(*family->overflow_);
  }
}

void InstrumentStore::ResetAll(bool after_fork) {
  for (Family* family : families_) {
    for (Series* series = family->first_; series != nullptr; series = series->after_) {
      series->Reset(family->definition_, after_fork);
    }
    if (family->overflow_ != nullptr) family->overflow_->Reset(family->definition_, after_fork);
    family->record_.overflowed.store(0, std::memory_order_relaxed);
    if (after_fork) family->record_.shown.fetch_or(kInheritedFamily, std::memory_order_relaxed);
  }
  if (!after_fork) return;
  segment_.header().inherited.store(generation_, std::memory_order_relaxed);
  identities_.BeginAfreshInChild();
}

void InstrumentStore::OwnAll() {
  for (Family* family : families_) family->record_.shown.fetch_and(~kInheritedFamily, std::memory_order_relaxed);
  segment_.header().inherited.store(0, std::memory_order_relaxed);
}

}  // namespace toolvitals
