// Infos: facts, which are labels that can be set. Floor: kinds.
#include "kinds/info_kind.h"

#include <utility>

#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

class InfoRows final : public MergedRows {
 public:
  InfoRows(size_t size, FamilyPart& merged)
      : MergedRows(size, merged), facts_(std::make_shared<LabelSets>(*merged.keys)) {}

 private:
  // Those that were set last.
  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      if (part.changed_us[i] >= changed_us(rows[i])) (*facts_)[rows[i]] = (*part.snapshot.labels)[i];
    }
  }

  void Finish() override { values().labels = std::move(facts_); }

  std::shared_ptr<LabelSets> facts_;
};

class Info final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kInfo; }
  bool dates_changes() const override { return true; }

  void Free(Segment& segment, SeriesRecord& series, uint64_t) const override {
    FreeText(segment, series.As<InfoSeriesCell>().facts);
  }

  // What the parent said is the parent's to date.
  bool Reset(Segment&, const FamilyDefinition&, SeriesRecord& series, bool after_fork) const override {
    if (after_fork) series.created_us.store(0, std::memory_order_relaxed);
    return false;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord& series) const override {
    return series.created_us.load(std::memory_order_relaxed) == 0;
  }

  // The facts are with the labels.
  void Read(const FamilyReading&, FamilyPart&) const override {}

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<InfoRows>(rows, merged);
  }

  // Facts are the labels that a key does not have.
  bool Store(const FamilyPart& part, size_t row, Segment& segment, SeriesRecord& series) const override {
    const LabelSet::Pairs& all = (*part.snapshot.labels)[row]->pairs;
    std::vector<std::string_view> facts;
    for (size_t i = (*part.keys)[row]->pairs.size(); i < all.size(); ++i) {
      facts.emplace_back(all[i].first);
      facts.emplace_back(all[i].second);
    }
    return ReplaceFacts(segment, series, facts);
  }
};

}  // namespace

const MetricKind& InfoKind() {
  static const Info kind;
  return kind;
}

bool ReplaceFacts(Segment& segment, SeriesRecord& series, std::span<const std::string_view> names_and_values) {
  const Offset made = MakeText(segment, PackTexts(names_and_values));
  if (made == 0) return false;
  InfoSeriesCell& cell = series.As<InfoSeriesCell>();
  cell.version.fetch_add(1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  FreeText(segment, cell.facts);
  cell.facts.store(made, std::memory_order_relaxed);
  cell.version.fetch_add(1, std::memory_order_release);
  return true;
}

}  // namespace toolvitals
