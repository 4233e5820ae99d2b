// State sets: which of a family's states holds. Floor: kinds.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/hash_table.h"
#include "base/limits.h"
#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"

namespace toolvitals {
namespace {

class StateSetRows final : public MergedRows {
 public:
  StateSetRows(size_t size, FamilyPart& merged) : MergedRows(size, merged) {
    values().values.resize(size * definition().states.size());
  }

 private:
  // The one that was set last.
  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    const size_t states = definition().states.size();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (part.changed_us[i] < changed_us(rows[i])) continue;
      std::copy_n(part.snapshot.values.begin() + static_cast<std::ptrdiff_t>(i * states), states,
                  values().values.begin() + static_cast<std::ptrdiff_t>(rows[i] * states));
    }
  }
};

class StateSet final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kStateSet; }
  bool dates_changes() const override { return true; }
  std::string_view ReservedLabel(const FamilyDefinition& definition) const override { return definition.name; }

  absl::Status Check(const FamilyDefinition& definition) const override {
    if (definition.states.empty()) return absl::InvalidArgumentError("a state set has at least one state");
    HashSet<std::string> seen;
    for (const std::string& state : definition.states) {
      if (absl::Status status = CheckText("a state", state, kMaxLabelValueBytes); !status.ok()) return status;
      if (!seen.insert(state).second) {
        return absl::InvalidArgumentError(absl::StrCat("state '", state, "' is there twice"));
      }
    }
    return absl::OkStatus();
  }

  // What the parent said is the parent's to date.
  bool Reset(Segment&, const FamilyDefinition&, SeriesRecord& series, bool after_fork) const override {
    if (after_fork) series.created_us.store(0, std::memory_order_relaxed);
    return false;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord& series) const override {
    return series.created_us.load(std::memory_order_relaxed) == 0;
  }

  void Read(const FamilyReading& reading, FamilyPart& part) const override {
    const uint64_t states = reading.definition.states.size();
    reading.ForEach([&](const SeriesRecord& series, const SeriesRecord*) {
      const uint64_t state = series.As<StateSetSeriesCell>().state.load(std::memory_order_relaxed);
      for (uint64_t i = 0; i < states; ++i) part.snapshot.values.emplace_back(uint64_t{i == state});
    });
  }

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<StateSetRows>(rows, merged);
  }

  bool Store(const FamilyPart& part, size_t row, Segment&, SeriesRecord& series) const override {
    const size_t states = part.definition.states.size();
    for (size_t i = 0; i < states; ++i) {
      if (part.snapshot.values[row * states + i].AsDouble() == 0) continue;
      series.As<StateSetSeriesCell>().state.store(i, std::memory_order_relaxed);
    }
    return true;
  }
};

}  // namespace

const MetricKind& StateSetKind() {
  static const StateSet kind;
  return kind;
}

}  // namespace toolvitals
