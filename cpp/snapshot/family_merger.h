// Families of all members, as one of each name.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/hash_table.h"
#include "snapshot/collect_families.h"
#include "snapshot/member.h"
#include "snapshot/series_filter.h"

namespace toolvitals {

// What the values of several processes make together:
//
//   counters, histograms, summaries    their sums; exponential buckets in the coarsest schema of all
//   windows of summaries               their union
//   gauges                             as the family's GaugeMode says
//   infos and state sets               those that were set last
//
// Families of one name that are not alike (type, labels, bounds, states, quantiles or mode) cannot be added up: the
// first one is shown, and the others are conflicts. A family that a process was forked with is shown where one like it
// is that somebody registered: who unregisters it does so for the children, too.
//
// That holds of the registry that the endpoints show. A family of any other is added up with what forked processes have
// of that very one, and with no other of theirs that has but the name; of processes of another origin, which run the
// same program, with those of the name, where the process itself has one alone (decision 0054).
//
// Which series belong together is kept from one reading to the next, and found anew when series or members come or go.
// Belongs to one thread.
class FamilyMerger {
 public:
  // Appends the families of the default registry, the process's own first.
  void Read(std::span<const Member> members, QuantileMethod method, std::vector<FamilySnapshot>& families);
  // Appends all families, whichever registry they are in, those of one name as one.
  void ReadAll(std::span<const Member> members, QuantileMethod method, std::vector<FamilySnapshot>& families);
  // Every family of the process that reads, the first of the members, in whichever registry it is, with what others
  // have of it; by identity.
  HashMap<uint64_t, FamilySnapshot> ReadOwn(std::span<const Member> members, QuantileMethod method);

  // The same without a method's quantiles, for who adds up what they were made of: all that has not expired, what is
  // shown and what is hidden side by side. `others` are the members that are not added up, and may have used a series
  // since, or show a family.
  std::vector<FamilyPart> ReadToRetire(std::span<const Member> members, std::span<const Member> others);

  // As of the last reading: family -> how many processes have one that is not like the one shown, sorted.
  const std::vector<std::pair<std::string, uint64_t>>& conflicts() const { return conflicts_; }
  // Records that went to overflow series: family -> count, sorted by family.
  std::vector<std::pair<std::string, uint64_t>> ReadOverflowed(std::span<const Member> members);

 private:
  // One member's series among the rows of all.
  struct Source {
    size_t member = 0;
    std::shared_ptr<const LabelSets> keys;
    std::vector<size_t> rows;
  };
  struct Family {
    std::vector<Source> sources;
    std::shared_ptr<const LabelSets> labels;
    bool has_overflow = false;
  };

  enum class Which { kShown, kAll, kOwn, kToRetire };
  struct Merged {
    FamilyPart part;
    std::vector<uint64_t> own;  // the identities of what the first member has of it
    bool is_conflict = false;   // another one has the name
  };
  // What members have of families that are alike.
  struct Group {
    uint64_t identity = 0;  // of a family that no other is added to, though it has the name
    std::vector<std::pair<size_t, FamilyPart>> parts;
    bool is_led = false;  // somebody who shows it registered it
  };
  class Grouping;

  void FindReaders(std::span<const Member> members);
  std::vector<Merged> ReadMerged(std::span<const Member> members, Which which, std::span<const Member> others = {});
  Merged Merge(std::span<const Member> members, Family& family, std::vector<std::pair<size_t, FamilyPart>>& parts);
  // As who shows it wants it: without what has expired, and with quantiles.
  static FamilySnapshot Finish(FamilyPart part, QuantileMethod method);
  static void FindRows(std::span<const Member> members, Family& family,
                       std::vector<std::pair<size_t, FamilyPart>>& parts);

  HashMap<uint64_t, std::unique_ptr<FamilyReader>> readers_;  // by member
  std::vector<uint64_t> ids_;
  std::map<std::pair<std::string, size_t>, Family> families_;  // by name, and which of those that are not alike
  std::vector<std::pair<std::string, uint64_t>> conflicts_;
};

// Whether one of the members shows a family that is to be forgotten, so that it stays.
bool IsShownByOthers(std::span<const Member> members, const SeriesFilter& unregistered);

}  // namespace toolvitals
