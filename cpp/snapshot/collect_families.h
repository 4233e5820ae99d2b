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

#include "absl/functional/function_ref.h"
#include "base/hash_table.h"
#include "kinds/family_part.h"
#include "kinds/family_reading.h"
#include "metrics/quantiles.h"
#include "model/family_snapshot.h"
#include "snapshot/member.h"
#include "store/segment.h"

namespace toolvitals {

// Who the series is that label sets past a budget share.
std::shared_ptr<const LabelSet> OverflowLabels(const FamilyDefinition& definition);

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
  // The same to be added to others': with all that was not recorded for longer than its time to live. Of families that
  // the registry does not show those that `is_wanted` by their identities.
  void ReadParts(absl::FunctionRef<bool(uint64_t)> is_wanted, std::vector<FamilyPart>& parts);
  // Calls `visit` for each family whose record is wanted.
  void ForEachFamily(absl::FunctionRef<bool(const FamilyRecord&)> is_wanted,
                     absl::FunctionRef<void(const FamilyDefinition&, const FamilyRecord&)> visit);
  // Calls `visit` for each series of the families of that name that are wanted, but for those that label sets past a
  // budget went to.
  void ForEachSeriesOf(std::string_view name, absl::FunctionRef<bool(const FamilyRecord&)> is_wanted,
                       absl::FunctionRef<void(const FamilyDefinition&, const LabelSet&, const SeriesRecord&)> visit);
  // One family, whether a registry shows it or not; nullopt where there is none at that Offset of a FamilyRecord.
  std::optional<FamilySnapshot> ReadOne(Offset family, QuantileMethod method);

  // How many records the families' overflow series took, of those that took any.
  std::vector<std::pair<std::string, uint64_t>> ReadOverflowed();

 private:
  // What was read of a family, as long as its membership stays what it was.
  struct Known {
    uint64_t incarnation = 0;
    uint64_t membership = 0;
    bool overflowed = false;      // whether anything went to the overflow series
    bool shows_overflow = false;  // whether that is the last of the series
    FamilyDefinition definition;
    std::shared_ptr<const FamilyInfo> info;
    std::vector<SeriesPlace> places;
    std::shared_ptr<const LabelSets> labels;
    // Labels of the series by their generations: a series that stays keeps its set when another one comes.
    HashMap<uint64_t, std::shared_ptr<const LabelSet>> sets;
    // Facts of infos are labels too, and change without the membership.
    std::vector<uint64_t> fact_versions;
    std::shared_ptr<const LabelSets> keys;  // the labels without facts
    uint64_t removals = 0;                  // the version of those that the series are without
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
  bool ReadSeries(const FamilyRecord& record, Known& known) const;
  enum class Step { kSeries, kEnd, kDisturbed };
  // Appends the series behind the last one that is still in the list.
  Step ReadNext(const FamilyRecord& record, const Known& known, std::vector<SeriesPlace>& places,
                LabelSets& labels) const;
  std::shared_ptr<const LabelSet> ReadLabels(const SeriesRecord& record, const Known& known) const;
  void ReadFacts(Known& known);
  // Takes out what was removed since it ended.
  void TakeRemovals(const FamilyRecord& record, Known& known) const;
  // By a method, or for who adds up what quantiles are made of.
  void ReadValues(const Known& known, std::optional<QuantileMethod> quantiles, FamilyPart& part) const;
  void ReadChanges(const Known& known, FamilyPart& part) const;
  // When each series was recorded last, before its values are read; empty where series do not expire.
  static std::vector<uint64_t> UsedOf(const Known& known);
  // Keeps the series that are marked, with the same labels as the last time where they are the same series.
  static void KeepPart(const std::vector<bool>& kept, Known& known, FamilyPart& part);
  // Which series are to be shown, of those that have the values.
  std::vector<bool> Kept(const FamilyRecord& record, const Known& known, const std::vector<Number>& values,
                         const std::vector<uint64_t>& used) const;
  // What counts no more of a series; nullptr where all of it does.
  const SeriesRecord* Before(const SeriesRecord& series) const;

  const Segment& segment_;
  Member member_;
  const size_t registry_;
  HashMap<Offset, Known> known_;
};

}  // namespace toolvitals
