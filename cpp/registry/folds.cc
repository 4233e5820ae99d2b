// Noting which families are folded, and handing the notes out once. Floor: registry.
#include "registry/folds.h"

#include <cstddef>
#include <utility>

namespace toolvitals {
namespace {

// A program that makes families without end is told of so many.
constexpr size_t kMaxFamilies = 1000;

}  // namespace

void Folds::Note(std::string_view family, FoldReason reason, uint64_t limit) {
  if (noted_.find(family) != noted_.end() || noted_.size() >= kMaxFamilies) return;
  news_.push_back({std::string(family), reason, limit});
  noted_.emplace(family);
  has_news_.store(true, std::memory_order_relaxed);
}

std::vector<Fold> Folds::Take() {
  has_news_.store(false, std::memory_order_relaxed);
  return std::exchange(news_, {});
}

}  // namespace toolvitals
