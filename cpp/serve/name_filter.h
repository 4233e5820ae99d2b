// The parameters of a query: which families a scrape asks for.
// Floor: serve. Pure; bounded by the size of a request's head and by kMaxNameFilters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace toolvitals {

struct NameFilter {
  bool present = false;            // whether there was a name[] at all
  std::vector<std::string> names;  // sorted, each once
};

// Reads what follows `?` in a request's target. Names and values are percent-decoded, and `+` is a space. Parameters of
// other names are passed over, as are names past the first kMaxNameFilters.
NameFilter ParseNameFilter(std::string_view query);

// Whether a parameter `families=all` asks for the families of tools, caches and the like among those of instruments.
bool AsksForAllFamilies(std::string_view query);

}  // namespace toolvitals
