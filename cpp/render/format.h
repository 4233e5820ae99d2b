// An exposition format: what it is called in HTTP, and how a snapshot becomes its bytes.
// Floor: render. The server negotiates over a list of these and knows no format by name, so a new one is a new entry.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "snapshot/snapshot.h"

namespace toolvitals {

struct ExpositionFormat {
  std::string_view name;          // "json", "prometheus"; how a port names its default
  std::string_view type;          // "application"
  std::string_view subtype;       // "json"
  std::string_view version;       // the media type's version parameter where the format has one, or empty
  std::string_view content_type;  // the full value of the Content-Type header
  // Appends the rendering of the snapshot to `out`. Pure, thread-safe.
  void (*render)(const Snapshot& snapshot, std::string& out);
};

// All formats this build can render, the preferred ones first.
std::span<const ExpositionFormat> ExpositionFormats();

// The format of that name, or nullptr.
const ExpositionFormat* FindFormat(std::string_view name);

}  // namespace toolvitals
