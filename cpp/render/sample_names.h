// The names that the samples of a family have, and which of them a scrape has used.
// Floor: render.
#pragma once

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "base/hash_table.h"
#include "render/family_sink.h"

namespace toolvitals {

// The family's name first, then those of its samples, in any format.
void ForEachSampleName(const FamilyHead& head, absl::FunctionRef<void(std::string_view)> visit);

// A scrape that names one series twice is refused as a whole, so no two families may use one name.
class SampleNames {
 public:
  // Whether the family's names are all free; they are taken where they are, and none is where one is not.
  bool Take(const FamilyHead& head);

 private:
  HashSet<std::string> taken_;
};

}  // namespace toolvitals
