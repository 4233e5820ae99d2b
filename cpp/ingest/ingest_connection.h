// One program that sends lines.
// Floor: ingest.
#pragma once

#include <memory>

#include "ingest/ingest_loop.h"
#include "ingest/line_splitter.h"

namespace toolvitals {

// Reads whatever comes into the loop's one buffer; between two reads it holds the line that is not finished yet, and
// nothing else. Nothing is ever sent. It may stay silent for as long as it likes.
//
// Belongs to the loop's thread. Closed by its client, by an error, or by the pool.
class IngestConnection final : public PooledConnection, public std::enable_shared_from_this<IngestConnection> {
 public:
  explicit IngestConnection(IngestLoop& loop) : loop_(loop), socket_(loop.io), splitter_(loop.budget, loop.recorder) {
    waits_for_client_ = true;
  }
  ~IngestConnection() override { Close(); }

  [[nodiscard]] bool Adopt(int descriptor) override;
  void Start() override { Wait(); }

  // Whatever the client was told is sent is taken in first: from the shutdown on its sends fail, and what came before
  // is read to the end. So no line is lost, and a line that was cut off the client knows to send again.
  void Close() noexcept override;

 private:
  enum class Progress { kRead, kDry, kEnd };

  void Wait();
  void OnReadable();
  Progress ReadSome();

  IngestLoop& loop_;
  WatchedSocket socket_;
  LineSplitter splitter_;
};

}  // namespace toolvitals
