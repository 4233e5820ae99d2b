// Takes in what other programs send over Unix sockets: one native event loop that never takes the GIL.
// Floor: ingest.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "ingest/ingest_loop.h"
#include "ingest/ingest_recorder.h"

namespace toolvitals {

struct IngestOptions {
  std::string stream_path;    // empty: no stream socket
  std::string datagram_path;  // empty: no datagram socket
  mode_t mode = 0600;         // of both
};

class Ingest {
 public:
  // Binds the sockets, then starts the loop's thread. `recorder` outlives the ingest. On an error, which names the
  // path, nothing is left behind; see SocketPath::Bind(). kInvalidArgument too for a mode that is none, or no path.
  static absl::StatusOr<std::unique_ptr<Ingest>> Start(IngestRecorder& recorder, const IngestOptions& options,
                                                       const IngestTuning& tuning = {});

  ~Ingest();  // as Stop()
  Ingest(const Ingest&) = delete;
  Ingest& operator=(const Ingest&) = delete;

  // Takes the paths away, lets nobody send any more, takes in all that was sent before, and joins the thread. A program
  // whose send succeeded has been heard when this returns; what it did not get through it knows. Idempotent; any thread
  // but the loop's own. In the child of a fork it does nothing: the sockets are closed there.
  void Stop();

  // Whether records are taken in. False once it is stopped, and once the program has closed a descriptor of its: it
  // then ends by itself and closes the others. Any thread.
  bool running() const;

 private:
  class Impl;
  explicit Ingest(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace toolvitals
