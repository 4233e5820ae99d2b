// Content negotiation: which exposition format an Accept header asks for (RFC 9110, section 12.5.1).
// Floor: serve. A pure function; formats are known by their media types alone.
#pragma once

#include <span>
#include <string_view>

#include "render/format.h"

namespace toolvitals {

// The format with the highest q-value. Each format takes its q-value from the most specific range that matches it:
// with its version, without a version, type/*, */*. Among equals the more specific match wins, then `open_choice`, then
// the format that stands first. So */* means open_choice, which is what the port is for.
//
// text/plain without a version is 0.0.4, as it has been since before there was another; a version that a format does
// not have does not match it. A header that is empty, that is garbage, or that accepts nothing there is gives
// open_choice: a client that asks for the impossible is better served with something than with 406.
//
// Parameters that a format has beside its version, `proto` and `encoding` of protobuf, have to be equal where the range
// names them. `escaping` is no part of the match: it says how names are to be escaped if the format is chosen, and
// underscores are meant where it is absent or unknown.
struct NegotiatedFormat {
  const ExpositionFormat* format = nullptr;
  Escaping escaping = Escaping::kUnderscores;
};

NegotiatedFormat Negotiate(std::string_view accept, std::span<const ExpositionFormat> formats,
                           const ExpositionFormat& open_choice);

// The same without the escaping.
inline const ExpositionFormat& ChooseFormat(std::string_view accept, std::span<const ExpositionFormat> formats,
                                            const ExpositionFormat& open_choice) {
  return *Negotiate(accept, formats, open_choice).format;
}

}  // namespace toolvitals
