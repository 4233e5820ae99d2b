// What a client may ask of a rendering beside its format.
// Floor: render.
#pragma once

#include <string>
#include <vector>

#include "render/name_escaping.h"

namespace toolvitals {

struct RenderOptions {
  Escaping escaping = Escaping::kUnderscores;
  // Only families with one of these names, as families or as samples are named; all families where it is not filtered.
  bool filtered = false;
  std::vector<std::string> names;  // sorted
  // Of JSON: whether the families of tools, caches, processes and toolvitals itself stand among the instruments', too.
  bool own_families = false;

  friend bool operator==(const RenderOptions&, const RenderOptions&) = default;
};

}  // namespace toolvitals
