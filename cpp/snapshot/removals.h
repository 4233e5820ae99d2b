// Which series of a segment were removed that nobody writes to any more.
// Floor: snapshot.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/hash_table.h"
#include "kinds/family_record.h"
#include "snapshot/series_filter.h"

namespace toolvitals {

// Removing a series of a process that has ended is a note here, however much it left; readers leave out what is noted,
// and the next one that takes in leaves it out for good. Thread-safe.
class Removals {
 public:
  Removals() = default;
  Removals(const Removals&) = delete;
  Removals& operator=(const Removals&) = delete;

  void Add(const SeriesFilter& filter);
  // How many there are.
  size_t size() const { return size_.load(std::memory_order_relaxed); }
  // Another one after every Add(), and never that of other removals; zero while there are none.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }

  // Whether all of a family is gone that its process showed.
  bool TakesFamily(std::string_view name) const;
  // Which of a family's series, by their labels, are still there; empty where all are.
  std::vector<bool> Kept(std::string_view name, const FamilyRecord& record, const LabelSets& series) const;

 private:
  // By the names of the labels that a filter has, sorted: the values that are meant, packed.
  using Values = std::map<std::vector<std::string>, HashSet<std::string>>;
  struct OfFamily {
    bool is_unregistered = false;
    Values values;
    HashSet<std::string> attributes;  // of series of an open family: all that each has, packed
  };
  static bool Takes(const OfFamily& removed, const LabelSet& series);

  mutable absl::Mutex mutex_;
  HashMap<std::string, OfFamily> shown_ ABSL_GUARDED_BY(mutex_);
  HashMap<uint64_t, OfFamily> hidden_ ABSL_GUARDED_BY(mutex_);  // by their identities
  std::atomic<size_t> size_{0};
  std::atomic<uint64_t> version_{0};
};

}  // namespace toolvitals
