// From the cells of instruments to values.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "metrics/quantiles.h"
#include "registry/family_definition.h"
#include "registry/instrument_cells.h"
#include "snapshot/family_snapshot.h"
#include "store/segment.h"

namespace toolvitals {

// Reads the families that one registry shows. Takes no lock: what changes while it is read is read again.
//
// Who the series are is kept from one time to the next and read anew only when a series came or went, so that a scrape
// of ten thousand counters loads ten thousand cells and copies no label. A reader belongs to one thread.
class FamilyReader {
 public:
  FamilyReader(const Segment& segment, size_t registry) : segment_(segment), registry_(registry) {}

  void Read(QuantileMethod method, std::vector<FamilySnapshot>& families);
  // One family, whether a registry shows it or not; nullopt where there is none at that Offset of a FamilyRecord.
  std::optional<FamilySnapshot> ReadOne(Offset family, QuantileMethod method);

  // How many records the families' overflow series took, of those that took any.
  std::vector<std::pair<std::string, uint64_t>> ReadOverflowed();

 private:
  struct Member {
    const SeriesRecord* record;
    uint64_t generation;
  };
  // Whether the member's memory is still that member's, and it is in its family's list.
  static bool IsStill(const Member& member) {
    return member.record->generation.load(std::memory_order_relaxed) == member.generation;
  }
  // What was read of a family, as long as its membership stays what it was.
  struct Known {
    uint64_t incarnation = 0;
    uint64_t membership = 0;
    bool shows_overflow = false;
    FamilyDefinition definition;
    std::shared_ptr<const FamilyInfo> info;
    std::vector<Member> members;
    std::shared_ptr<const LabelSets> labels;
    // Labels of the series by their generations: a series that stays keeps its set when another one comes.
    absl::flat_hash_map<uint64_t, std::shared_ptr<const LabelSet>> sets;
    // Facts of infos are labels too, and change without the membership.
    std::vector<uint64_t> fact_versions;
  };

  // False where there is no family, or none any more.
  bool ReadFamily(const FamilyRecord& record, Known& known, QuantileMethod method, FamilySnapshot& family);
  bool ReadDefinition(const FamilyRecord& record, Known& known);
  // False where series went away under the reader without end; what is known is then what it was.
  bool ReadMembers(const FamilyRecord& record, Known& known) const;
  enum class Step { kMember, kEnd, kDisturbed };
  // Appends the series behind the last one that is still in the list.
  Step ReadNext(const FamilyRecord& record, const Known& known, std::vector<Member>& members, LabelSets& labels) const;
  std::shared_ptr<const LabelSet> ReadLabels(const SeriesRecord& record, const Known& known) const;
  void ReadFacts(Known& known);
  void ReadValues(const Known& known, QuantileMethod method, FamilySnapshot& family);
  static void LeaveOut(const FamilyRecord& record, const Known& known, FamilySnapshot& family);
  const Segment& segment_;
  const size_t registry_;
  absl::flat_hash_map<Offset, Known> known_;
};

// The exponential buckets of a histogram; nullptr where it has none, or not of every value.
std::shared_ptr<const NativeHistogram> ReadNative(const Segment& segment, const SeriesRecord& series);

// The exemplar of a counter (of bucket zero) or of a histogram's bucket.
std::optional<Exemplar> ReadExemplar(const Segment& segment, const SeriesRecord& series, size_t bucket);

// The quantiles of a summary's window, NaN with fewer than two samples.
std::vector<QuantileValue> ReadWindow(const Segment& segment, const FamilyDefinition& definition,
                                      const WindowCell& window, QuantileMethod method);

}  // namespace toolvitals
