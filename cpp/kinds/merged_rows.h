// What the values of several processes make together: what every kind has in common.
// Floor: kinds.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "kinds/family_part.h"

namespace toolvitals {

// Adds parts up, row by row, in the arrays of `merged`. Each kind has one of its own, and Finish() is called once.
class MergedRows {
 public:
  virtual ~MergedRows() = default;
  MergedRows(const MergedRows&) = delete;
  MergedRows& operator=(const MergedRows&) = delete;

  // Adds each series of the part to the row of its place.
  void AddPart(const FamilyPart& part, std::span<const size_t> rows);
  void FinishAll();

 protected:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::min();

  MergedRows(size_t size, FamilyPart& merged);

  // Called before the rows are dated by the part.
  virtual void Add(const FamilyPart& part, std::span<const size_t> rows) = 0;
  virtual void Finish() {}

  const FamilyDefinition& definition() const { return merged_.definition; }
  FamilyPart& merged() { return merged_; }
  FamilySnapshot& values() { return merged_.snapshot; }
  // When a row's value was last changed, by what was added so far; kNever: nothing was.
  int64_t changed_us(size_t row) const { return changed_us_[row]; }
  size_t size() const { return changed_us_.size(); }

  // A series that several have exists since the first of them has it.
  void AddCreated(const FamilyPart& part, std::span<const size_t> rows);

 private:
  FamilyPart& merged_;
  std::vector<int64_t> changed_us_;
  std::map<std::pair<size_t, size_t>, Exemplar> exemplars_;  // by row and bucket
};

inline Number Sum(const Number& a, const Number& b) {
  return a.is_whole && b.is_whole ? Number(a.whole + b.whole) : Number(a.AsDouble() + b.AsDouble());
}

}  // namespace toolvitals
