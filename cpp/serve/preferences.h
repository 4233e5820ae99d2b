// The grammar that Accept and Accept-Encoding share: a list of items with parameters and q-values.
// Floor: serve. Bounded: at most kMaxPreferences items are looked at, whatever is sent.
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"

namespace toolvitals {

struct Preference {
  std::string_view item;  // "text/plain", "gzip"
  // Parameters without their quotes, or empty.
  std::string_view version;
  std::string_view escaping;
  std::string_view proto;
  std::string_view encoding;
  int q_thousandths = 1000;  // 0: not acceptable
};

// Calls `visit` for each item of a header's value, in its order. Items whose q-value is no q-value are passed over, as
// are empty ones.
void ForEachPreference(std::string_view header, absl::FunctionRef<void(const Preference&)> visit);

// "0" to "1" with up to three decimals (more are read and ignored) in thousandths, or -1.
int ParseQ(std::string_view text);

}  // namespace toolvitals
