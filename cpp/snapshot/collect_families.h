// From the cells of instruments to values.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "metrics/quantiles.h"
#include "model/family_snapshot.h"
#include "registry/family_definition.h"
#include "registry/instrument_cells.h"
#include "snapshot/member.h"
#include "snapshot/series_values.h"
#include "store/segment.h"

namespace toolvitals {

// What one segment has of a family, with what it takes to add it to what others have.
struct FamilyPart {
  FamilySnapshot snapshot;
  FamilyDefinition definition;
  std::shared_ptr<const LabelSets> keys;  // the labels without the facts of infos, so that they say which series it is
  std::vector<int64_t> changed_us;        // of gauges, infos and state sets: Unix time of the last change
  std::vector<uint64_t> used_ns;          // where series expire: when each was recorded last
  std::vector<std::vector<double>> samples;  // of a summary with a window
  bool shown = false;                        // by the reader's registry
  bool follows = false;         // the process has it from the one that forked it, which says whether it is shown
  bool shows_overflow = false;  // the last series is what label sets past a budget went to
  uint64_t overflowed = 0;      // records that were made into that
};

// Reads the families that one registry shows. Takes no lock: what changes while it is read is read again.
//
// Who the series are is kept from one time to the next and read anew only when a series came or went, so that a scrape
// of ten thousand counters loads ten thousand cells and copies no label. A reader belongs to one thread.
class FamilyReader {
 public:
  FamilyReader(const Segment& segment, size_t registry) : segment_(segment), registry_(registry) {
    member_.segment = &segment;
  }

  // From here on as what the member says of its segment, which is the same: without what counts no more.
  void SetMember(const Member& member) { member_ = member; }

  void Read(QuantileMethod method, std::vector<FamilySnapshot>& families);
  // The same to be added to others': with all that was not recorded for longer than its time to live, and whether the
  // registry shows them or not, where `hidden_too`.
  void ReadParts(bool hidden_too, std::vector<FamilyPart>& parts);
  // Calls `visit` for each family whose record is wanted.
  void ForEachFamily(absl::FunctionRef<bool(const FamilyRecord&)> is_wanted,
                     absl::FunctionRef<void(const FamilyDefinition&, const FamilyRecord&)> visit);
  // Calls `visit` for each series of the families of that name, but for those that label sets past a budget went to.
  void ForEachSeriesOf(std::string_view name,
                       absl::FunctionRef<void(const FamilyDefinition&, const LabelSet&, const SeriesRecord&)> visit);
  // One family, whether a registry shows it or not; nullopt where there is none at that Offset of a FamilyRecord.
  std::optional<FamilySnapshot> ReadOne(Offset family, QuantileMethod method);

  // How many records the families' overflow series took, of those that took any.
  std::vector<std::pair<std::string, uint64_t>> ReadOverflowed();

 private:
  struct Place {
    const SeriesRecord* record;
    uint64_t generation;
  };
  // Whether the memory is still that series', and it is in its family's list.
  static bool IsStill(const Place& place) {
    return place.record->generation.load(std::memory_order_relaxed) == place.generation;
  }
  // What was read of a family, as long as its membership stays what it was.
  struct Known {
    uint64_t incarnation = 0;
    uint64_t membership = 0;
    bool shows_overflow = false;
    FamilyDefinition definition;
    std::shared_ptr<const FamilyInfo> info;
    std::vector<Place> members;
    std::shared_ptr<const LabelSets> labels;
    // Labels of the series by their generations: a series that stays keeps its set when another one comes.
    absl::flat_hash_map<uint64_t, std::shared_ptr<const LabelSet>> sets;
    // Facts of infos are labels too, and change without the membership.
    std::vector<uint64_t> fact_versions;
    std::shared_ptr<const LabelSets> keys;  // the labels without facts
    uint64_t removals = 0;                  // the version of those that the members are without
    // Of the series that were kept at the last reading, as long as the same ones are.
    std::vector<bool> kept;
    std::shared_ptr<const LabelSets> kept_of, kept_labels, kept_keys;
  };

  // False where there is no family, or none any more.
  bool ReadFamily(const FamilyRecord& record, Known& known, QuantileMethod method, FamilySnapshot& family);
  bool ReadPart(const FamilyRecord& record, Known& known, FamilyPart& part);
  // What the two have in common: who the series are, and, behind the values, whether it is the same family still.
  bool Recognize(const FamilyRecord& record, Known& known);
  static bool IsSame(const FamilyRecord& record, const Known& known);
  bool ReadDefinition(const FamilyRecord& record, Known& known);
  // False where series went away under the reader without end; what is known is then what it was.
  bool ReadMembers(const FamilyRecord& record, Known& known) const;
  enum class Step { kMember, kEnd, kDisturbed };
  // Appends the series behind the last one that is still in the list.
  Step ReadNext(const FamilyRecord& record, const Known& known, std::vector<Place>& members, LabelSets& labels) const;
  std::shared_ptr<const LabelSet> ReadLabels(const SeriesRecord& record, const Known& known) const;
  void ReadFacts(Known& known);
  // Takes out what was removed since it ended.
  void TakeRemovals(Known& known) const;
  // With a `part`, what only that has too; quantiles only without.
  void ReadValues(const Known& known, QuantileMethod method, FamilySnapshot& family, FamilyPart* part);
  void ReadExtras(const Known& known, FamilyPart& part) const;
  // Keeps the series that are marked, with the same labels as the last time where they are the same series.
  static void KeepPart(const std::vector<bool>& kept, Known& known, FamilyPart& part);
  // Which series are to be shown, of those that have the values.
  std::vector<bool> Kept(const FamilyRecord& record, const Known& known, const std::vector<Number>& values,
                         bool expired_too) const;
  // What counts no more of a series; nullptr where all of it does.
  const SeriesRecord* Before(const SeriesRecord& series) const;

  const Segment& segment_;
  Member member_;
  const size_t registry_;
  absl::flat_hash_map<Offset, Known> known_;
};

// Keeps the series that are marked.
void KeepSeries(const std::vector<bool>& kept, FamilySnapshot& family);
void KeepSeries(const std::vector<bool>& kept, FamilyPart& part);

}  // namespace toolvitals
