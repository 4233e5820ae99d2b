// Text made safe for a format. Names are valid UTF-8 when they come from the registry; here nothing relies on it, since
// one bad byte would make a whole scrape unreadable. Each byte that is no part of valid UTF-8 becomes U+FFFD.
// Floor: render.
#pragma once

#include <string_view>

#include "render/writer.h"

namespace toolvitals {

// The inside of a JSON string (RFC 8259, section 7), without its quotes.
void EscapeJson(std::string_view text, Writer& writer);

// The inside of a label value in Prometheus text: backslash, quote and newline are escaped.
void EscapeLabelValue(std::string_view text, Writer& writer);

// HELP text in Prometheus text: backslash and newline are escaped.
void EscapeHelp(std::string_view text, Writer& writer);

// No character escaped, for formats that need none to be.
void CopyValid(std::string_view text, Writer& writer);

}  // namespace toolvitals
