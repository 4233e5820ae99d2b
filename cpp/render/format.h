// An exposition format: what it is called in HTTP, and how a snapshot becomes its bytes.
// Floor: render. The server negotiates over a list of these and knows no format by name, so a new one is a new entry.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/snapshot.h"
#include "render/render_options.h"
#include "render/rendering.h"

namespace toolvitals {

// Appends the rendering of a snapshot to `out`. Pure, thread-safe.
struct Renderer {
  void operator()(const Snapshot& snapshot, std::string& out, const RenderOptions& options = {}) const {
    function(snapshot, options, out);
  }

  void (*function)(const Snapshot& snapshot, const RenderOptions& options, std::string& out);
};

struct ExpositionFormat {
  std::string_view name;          // "json", "prometheus"; how a port names its default
  std::string_view type;          // "application"
  std::string_view subtype;       // "json"
  std::string_view version;       // the media type's version parameter where the format has one, or empty
  std::string_view content_type;  // the full value of the Content-Type header, but for the escaping
  Renderer render;
  bool escapes = false;            // whether the media type has an escaping parameter
  std::string_view proto = {};     // the media type's proto parameter where the format has one, or empty
  std::string_view encoding = {};  // the media type's encoding parameter, likewise
  // The same bytes in pieces; nullptr for a format that is always rendered at once.
  std::unique_ptr<Rendering> (*start)(SharedSnapshot snapshot, const RenderOptions& options) = nullptr;
};

// The full value of the Content-Type header.
std::string ContentType(const ExpositionFormat& format, Escaping escaping);

// All formats this build can render, the preferred ones first.
std::span<const ExpositionFormat> ExpositionFormats();

// The format of that name, or nullptr.
const ExpositionFormat* FindFormat(std::string_view name);

}  // namespace toolvitals
