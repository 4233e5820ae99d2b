// A snapshot on its way to becoming text or messages, piece by piece.
// Floor: render.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "model/snapshot.h"
#include "render/render_options.h"

namespace toolvitals {

// What a format's function renders at once, in pieces: together they are the same bytes. Belongs to one thread.
class Rendering {
 public:
  virtual ~Rendering() = default;

  // Appends about so many bytes, or what is left where that is less. False when that was all.
  virtual bool Append(size_t bytes, std::string& out) = 0;
};

using SharedSnapshot = std::shared_ptr<const Snapshot>;

std::unique_ptr<Rendering> StartPrometheusText(SharedSnapshot snapshot, const RenderOptions& options);
std::unique_ptr<Rendering> StartPrometheusText1(SharedSnapshot snapshot, const RenderOptions& options);
std::unique_ptr<Rendering> StartOpenMetrics(SharedSnapshot snapshot, const RenderOptions& options);
std::unique_ptr<Rendering> StartOpenMetrics2(SharedSnapshot snapshot, const RenderOptions& options);
// A piece ends with a message, so it is as large as its last family at least.
std::unique_ptr<Rendering> StartPrometheusProtobuf(SharedSnapshot snapshot, const RenderOptions& options);

}  // namespace toolvitals
