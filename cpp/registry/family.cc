// Looking up, making, listing and removing series.
// Floor: registry.
#include "registry/family.h"

#include <algorithm>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "base/clock.h"
#include "base/limits.h"
#include "kinds/info_kind.h"
#include "kinds/packed_attributes.h"
#include "registry/instrument_store.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

// Series that have expired are looked for when others are made, at most so often.
constexpr uint64_t kLongestSweepPauseNs = 1'000'000'000;

uint64_t NowMicros() { return static_cast<uint64_t>(Clock::UnixNanos()) / 1000; }

}  // namespace

Series::~Series() {
  if (!freed_) store_.FreeSeries(*this);
}

void Series::Date() { record_.created_us.store(NowMicros(), std::memory_order_relaxed); }

void Series::Touch() {
  // One that the family has cleared away, and somebody holds, is of no generation.
  if (is_overflow_ && record_.generation.load(std::memory_order_relaxed) != 0) {
    family_.overflowed.fetch_add(1, std::memory_order_relaxed);
  }
  if (dates_) Date();
  if (expiring_ == nullptr) return;
  const uint64_t now = Clock::MonotonicNanos();
  if (IsExpired(now)) [[unlikely]]
    BeginAnew(now);
  record_.used_ns.store(now, std::memory_order_relaxed);
}

bool Series::IsExpired(uint64_t now_ns) const {
  const uint64_t used = record_.used_ns.load(std::memory_order_relaxed);
  return now_ns > used && now_ns - used >= expiring_->ttl_ns;
}

// As if nobody had held it and it had been removed: what it counted before was shown to its end, and would be counted
// again by who takes it for new. Where other processes may count in the same series, they may have kept it alive.
void Series::BeginAnew(uint64_t now_ns) {
  if (kind_.dates_changes() || store_.segment_.is_shared()) return;
  absl::MutexLock lock(&store_.mutex_);
  if (!IsExpired(now_ns)) return;
  Reset(*expiring_, /*after_fork=*/false);
  // Pairs with the acquire of a reader: one that finds it used finds it zeroed.
  record_.used_ns.store(now_ns, std::memory_order_release);
}

void Series::Reset(const FamilyDefinition& definition, bool after_fork) {
  Segment& segment = store_.segment_;
  if (!kind_.Reset(segment, definition, record_, after_fork)) return;
  if (const Offset slots = record_.exemplars.load(std::memory_order_relaxed); slots != 0) {
    for (size_t i = 0; i < kind_.ExemplarSlots(bytes_); ++i) segment.At<ExemplarSlot>(slots)[i].Reset();
  }
  // Later than before, also where the clock stands still or was set back: it says that this is another count.
  const uint64_t before = record_.created_us.load(std::memory_order_relaxed);
  record_.created_us.store(std::max(NowMicros(), before + 1), std::memory_order_relaxed);
}

Family::Family(Key, InstrumentStore& store, FamilyRecord& record, FamilyDefinition definition,
               const FamilyOptions& options, std::unique_ptr<const HistogramBounds> bounds)
    : store_(store),
      segment_(store.segment()),
      record_(record),
      definition_(std::move(definition)),
      expiring_(definition_.ttl_ns == 0 ? nullptr : std::make_shared<const FamilyDefinition>(definition_)),
      max_series_(options.max_series),
      bounds_(std::move(bounds)),
      series_(0, Hash{options.hash}) {}

Family::~Family() {
  Map series;
  std::shared_ptr<Series> overflow;
  {
    absl::MutexLock lock(&store_.mutex_);
    store_.Forget(*this, record_);
    series.swap(series_);
    overflow.swap(overflow_);
    store_.series_budget_.Release(series.size());
  }
  // Here they go, without the mutex: the last holder of a series takes it to give the memory back.
}

std::shared_ptr<Series> Family::WithLabels(std::span<const std::string_view> values) {
  const std::string packed = PackTexts(values);
  std::vector<std::shared_ptr<Series>> expired;
  absl::MutexLock lock(&store_.mutex_);
  const auto found = series_.find(packed);
  if (found != series_.end()) return found->second;
  const bool fits = values.size() <= 2 * kMaxLabels &&
                    std::all_of(values.begin(), values.end(),
                                [](std::string_view value) { return value.size() <= kMaxLabelValueBytes; });
  if (definition_.ttl_ns != 0) CollectExpired(expired);
  if (fits && HasRoom()) {
    if (std::shared_ptr<Series> made = Add(packed)) return made;
  }
  NoteFold(fits);
  OfferOffenders(values);
  return overflow_;
}

void Family::OfferOffenders(std::span<const std::string_view> values) {
  if (definition_.is_open) {
    for (size_t i = 0; i + 1 < values.size(); i += 2) {
      const std::optional<AttributeValue> value = UnpackValue(values[i + 1]);
      if (value.has_value()) store_.offenders_.Offer(definition_.name, values[i], TextOf(*value));
    }
    return;
  }
  for (size_t i = 0; i < std::min(values.size(), definition_.label_names.size()); ++i) {
    store_.offenders_.Offer(definition_.name, definition_.label_names[i], values[i]);
  }
}

std::shared_ptr<Series> Family::Find(std::span<const std::string_view> values) const {
  const std::string packed = PackTexts(values);
  absl::MutexLock lock(&store_.mutex_);
  const auto found = series_.find(packed);
  return found == series_.end() ? nullptr : found->second;
}

void Family::NoteFold(bool fits) {
  Folds& folds = store_.series_budget_.folds();
  if (!fits) {
    folds.Note(definition_.name, FoldReason::kValueBytes, kMaxLabelValueBytes);
  } else if (max_series_ != 0 && series_.size() >= max_series_) {
    folds.Note(definition_.name, FoldReason::kFamilyLimit, max_series_);
  } else {
    store_.series_budget_.NoteSpent(definition_.name);
  }
}

bool Family::HasRoom() {
  if (max_series_ != 0 && series_.size() >= max_series_) return false;
  return store_.series_budget_.TakeSeries();
}

std::shared_ptr<Series> Family::Add(const std::string& packed) {
  auto place = series_.end();
  absl::Cleanup give_back = [&] {
    if (place != series_.end()) series_.erase(place);
    store_.series_budget_.Cancel();
  };
  // Its place in the table first: where memory is short, nothing of the segment is taken.
  place = series_.try_emplace(packed).first;
  place->second = Make(packed, /*is_overflow=*/false);
  if (place->second == nullptr) return nullptr;
  std::move(give_back).Cancel();
  Link(*place->second);
  return place->second;
}

std::shared_ptr<Series> Family::Make(std::string_view packed, bool is_overflow) {
  Segment& segment = segment_;
  const MetricKind& kind = KindOf(definition_.kind);
  const uint64_t bytes = kind.SeriesBytes(definition_);
  const Offset offset = segment.Allocate(bytes);
  if (offset == 0) return nullptr;
  SeriesRecord& record = *segment.At<SeriesRecord>(offset);
  absl::Cleanup free_record = [&] { segment.Free(offset, bytes); };
  auto series = std::make_shared<Series>(Series::Key(), store_, record_, record, kind, bytes, is_overflow,
                                         is_overflow ? nullptr : expiring_, ShowsLatest(definition_));
  std::move(free_record).Cancel();
  // Not by its destructor, which would take the mutex.
  absl::Cleanup free_blocks = [&] { store_.FreeBlocks(*series); };
  const Offset labels = MakeText(segment, packed);
  record.labels.store(labels, std::memory_order_relaxed);
  if (!kind.Init(segment, definition_, record) || labels == 0) return nullptr;
  std::move(free_blocks).Cancel();
  record.created_us.store(NowMicros(), std::memory_order_relaxed);
  record.used_ns.store(Clock::MonotonicNanos(), std::memory_order_relaxed);
  record.generation.store(GenerationOf(segment_.OffsetOf(&record_), ++store_.generation_), std::memory_order_release);
  return series;
}

void Family::Link(Series& series) {
  const Offset offset = segment_.OffsetOf(&series.record());
  series.before_ = last_;
  if (last_ == nullptr) {
    first_ = &series;
    record_.first.store(offset, std::memory_order_release);
  } else {
    last_->after_ = &series;
    last_->record().next.store(offset, std::memory_order_release);
  }
  last_ = &series;
  // Released behind the change: a reader that sees the old number has at most read the old list.
  record_.membership.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<Series> Family::Unlink(Map::iterator found) {
  std::shared_ptr<Series> series = std::move(found->second);
  series_.erase(found);
  const Offset next = series->record().next.load(std::memory_order_relaxed);
  if (series->before_ == nullptr) {
    first_ = series->after_;
    record_.first.store(next, std::memory_order_release);
  } else {
    series->before_->after_ = series->after_;
    series->before_->record().next.store(next, std::memory_order_release);
  }
  if (series->after_ == nullptr) {
    last_ = series->before_;
  } else {
    series->after_->before_ = series->before_;
  }
  series->before_ = series->after_ = nullptr;
  // Also where somebody holds it: a reader that stands on it has to look for another way. Only now that nothing leads
  // to it, for a reader that was led to it again and again could not go on.
  series->record().generation.store(0, std::memory_order_release);
  record_.membership.fetch_add(1, std::memory_order_release);
  store_.series_budget_.Release(1);
  return series;
}

bool Family::Remove(std::span<const std::string_view> values) {
  const std::string packed = PackTexts(values);
  std::shared_ptr<Series> removed;
  absl::MutexLock lock(&store_.mutex_);
  const auto found = series_.find(packed);
  if (found == series_.end()) return false;
  removed = Unlink(found);
  return true;
}

size_t Family::RemoveMatching(std::span<const std::pair<size_t, std::string_view>> values) {
  std::vector<std::shared_ptr<Series>> removed;
  absl::MutexLock lock(&store_.mutex_);
  std::vector<std::string> matching;
  for (const auto& [packed, series] : series_) {
    const std::vector<std::string> texts = UnpackTexts(packed).value_or(std::vector<std::string>());
    const bool matches = std::all_of(values.begin(), values.end(), [&](const auto& wanted) {
      return wanted.first < texts.size() && texts[wanted.first] == wanted.second;
    });
    if (matches) matching.push_back(packed);
  }
  removed.reserve(matching.size());
  for (const std::string& packed : matching) removed.push_back(Unlink(series_.find(packed)));
  return removed.size();
}

std::shared_ptr<Series> Family::overflow() const {
  absl::MutexLock lock(&store_.mutex_);
  return overflow_;
}

std::shared_ptr<Series> Family::RenewOverflow() {
  if (overflow_ == nullptr) return nullptr;
  std::shared_ptr<Series> fresh = overflow_.use_count() == 1 ? nullptr : Make("", /*is_overflow=*/true);
  record_.overflowed.store(0, std::memory_order_relaxed);
  if (fresh == nullptr) {
    overflow_->Reset(definition_, /*after_fork=*/false);
    return nullptr;
  }
  record_.overflow.store(segment_.OffsetOf(&fresh->record()), std::memory_order_release);
  overflow_->record().generation.store(0, std::memory_order_release);
  overflow_.swap(fresh);
  return fresh;
}

void Family::Clear() {
  Map removed;
  std::shared_ptr<Series> overflow;
  absl::MutexLock lock(&store_.mutex_);
  overflow = RenewOverflow();
  removed.swap(series_);
  series_ = Map(0, removed.hash_function());
  first_ = last_ = nullptr;
  record_.first.store(0, std::memory_order_release);
  for (auto& [packed, series] : removed) {
    series->before_ = series->after_ = nullptr;
    series->record().generation.store(0, std::memory_order_release);
  }
  record_.membership.fetch_add(1, std::memory_order_release);
  store_.series_budget_.Release(removed.size());
}

size_t Family::Expire() {
  std::vector<std::shared_ptr<Series>> removed;
  absl::MutexLock lock(&store_.mutex_);
  CollectExpired(removed);
  return removed.size();
}

void Family::CollectExpired(std::vector<std::shared_ptr<Series>>& removed) {
  const uint64_t ttl = definition_.ttl_ns;
  const uint64_t now = Clock::MonotonicNanos();
  // Now and then: a new series must not cost a walk over all of them.
  if (ttl == 0 || now - expired_at_ns_ < std::min(ttl, kLongestSweepPauseNs)) return;
  expired_at_ns_ = now;
  for (Series* series = first_; series != nullptr;) {
    Series* const after = series->after_;
    const uint64_t used = series->record().used_ns.load(std::memory_order_relaxed);
    if (now > used && now - used >= ttl) {
      const Offset labels = series->record().labels.load(std::memory_order_relaxed);
      const auto found = series_.find(LoadText(segment_, labels).value_or(""));
      if (found != series_.end() && found->second.use_count() == 1) {
        // A place first: a series that is dropped here would take the mutex.
        removed.emplace_back();
        removed.back() = Unlink(found);
      }
    }
    series = after;
  }
}

bool Family::Show(size_t registry, bool shown) {
  const uint64_t bit = uint64_t{1} << registry;
  if (!shown) return (record_.shown.fetch_and(~bit, std::memory_order_release) & bit) != 0;
  if (registry == kDefaultRegistry) record_.shown.fetch_and(~kInheritedFamily, std::memory_order_relaxed);
  return (record_.shown.fetch_or(bit, std::memory_order_release) & bit) != 0;
}

bool Family::SetFacts(Series& series, std::span<const std::string_view> names_and_values) {
  absl::MutexLock lock(&store_.mutex_);
  if (!ReplaceFacts(segment_, series.record(), names_and_values)) return false;
  series.Date();
  return true;
}

void Family::Reset(Series& series) {
  absl::MutexLock lock(&store_.mutex_);
  series.Reset(definition_, /*after_fork=*/false);
}

bool Family::KeepExemplar(Series& series, size_t bucket, std::span<const std::string_view> names_and_values,
                          double value) {
  Word& slots = series.record().exemplars;
  if (slots.load(std::memory_order_acquire) == 0) {
    absl::MutexLock lock(&store_.mutex_);
    if (slots.load(std::memory_order_relaxed) == 0) {
      const Offset made = segment_.Allocate(exemplar_slots() * sizeof(ExemplarSlot));
      if (made == 0) return false;
      slots.store(made, std::memory_order_release);
    }
  }
  ExemplarSlot& slot = segment_.At<ExemplarSlot>(slots.load(std::memory_order_relaxed))[bucket];
  return slot.Write(PackTexts(names_and_values), value, static_cast<int64_t>(NowMicros()));
}

std::vector<std::string> Family::Facts(const Series& series) const {
  absl::MutexLock lock(&store_.mutex_);
  const Offset facts = series.record().As<InfoSeriesCell>().facts.load(std::memory_order_relaxed);
  return UnpackTexts(LoadText(segment_, facts).value_or("")).value_or(std::vector<std::string>());
}

std::vector<std::shared_ptr<Series>> Family::All() const {
  std::vector<std::shared_ptr<Series>> all;
  absl::MutexLock lock(&store_.mutex_);
  for (Series* series = first_; series != nullptr; series = series->after_) {
    all.push_back(series->shared_from_this());
  }
  if (overflow_ != nullptr && overflowed() != 0) all.push_back(overflow_);
  return all;
}

std::vector<std::string> Family::ValuesOf(const Series& series) const {
  const Offset labels = series.record().labels.load(std::memory_order_relaxed);
  return UnpackTexts(LoadText(segment_, labels).value_or("")).value_or(std::vector<std::string>());
}

}  // namespace toolvitals
