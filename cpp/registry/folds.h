// Which families have records of new label sets in their overflow series, and why: for whoever tells the user.
// Floor: registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash_table.h"

namespace toolvitals {

enum class FoldReason {
  kFamilyLimit,  // the family's own limit of series
  kSeriesLimit,  // the limit over all families
  kMemoryLimit,  // the budget of bytes, in MiB
  kFileSystem,   // the file that is shared cannot grow
  kValueBytes,   // a label value is longer than that
  kNotUtf8,      // a label value is no text
  kErrorTypes,   // types of error of one tool
};

struct Fold {
  std::string family;
  FoldReason reason = FoldReason::kSeriesLimit;
  uint64_t limit = 0;
};

// Each family is told once, by the reason that came first. Calls are made one at a time, but for has_news().
class Folds {
 public:
  void Note(std::string_view family, FoldReason reason, uint64_t limit);

  // What was noted since it was last asked; the number of families is bounded.
  std::vector<Fold> Take();
  // For the child of a fork: what its parent noted is its parent's to tell.
  void Drop() { Take(); }

  bool has_news() const { return has_news_.load(std::memory_order_relaxed); }

 private:
  HashSet<std::string> noted_;
  std::vector<Fold> news_;
  std::atomic<bool> has_news_{false};
};

}  // namespace toolvitals
