// Fuzzes content negotiation: whatever the header, the choice is one of the formats, bounded, and the same each time.
// Input: the value of an Accept or Accept-Encoding header.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "serve/accept.h"
#include "serve/encoding.h"
#include "serve/fake_formats.h"
#include "serve/preferences.h"
#include "serve/serve_limits.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolvitals;
  const std::string_view header(reinterpret_cast<const char*>(data), size);

  size_t visited = 0;
  bool mentions_type = false;
  ForEachPreference(header, [&](const Preference& preference) {
    ++visited;
    Require(preference.q_thousandths >= 0 && preference.q_thousandths <= 1000);
    Require(!preference.item.empty());
    mentions_type |= preference.item.find('/') != std::string_view::npos;
  });
  Require(visited <= kMaxPreferences);

  const std::span<const ExpositionFormat> formats = kFakeFormats;
  for (const ExpositionFormat& open_choice : formats) {
    const ExpositionFormat& chosen = ChooseFormat(header, formats, open_choice);
    Require(&chosen >= formats.data() && &chosen < formats.data() + formats.size());
    Require(&ChooseFormat(header, formats, open_choice) == &chosen);
    if (!mentions_type) Require(&chosen == &open_choice);
  }
  if (visited == 0) Require(!AcceptsGzip(header));
  AcceptsGzip(header);
  return 0;
}
