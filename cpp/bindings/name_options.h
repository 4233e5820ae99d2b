// Which families Python asks a rendering for.
// Floor: bindings.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "render/render_options.h"

namespace toolvitals {

// All of them without a name.
inline RenderOptions OptionsFor(std::vector<std::string> names) {
  RenderOptions options;
  options.filtered = !names.empty();
  options.names = std::move(names);
  std::sort(options.names.begin(), options.names.end());
  return options;
}

}  // namespace toolvitals
