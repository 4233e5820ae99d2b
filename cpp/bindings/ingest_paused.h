// Keeps what other programs send from being recorded, for a scope.
// Floor: bindings.
#pragma once

namespace toolvitals {

// The GIL keeps Python's records out, and these come from a thread that never takes it. What is sent meanwhile waits.
class IngestPaused {
 public:
  IngestPaused();
  ~IngestPaused();
  IngestPaused(const IngestPaused&) = delete;
  IngestPaused& operator=(const IngestPaused&) = delete;
};

}  // namespace toolvitals
