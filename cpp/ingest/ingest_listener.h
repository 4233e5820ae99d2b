// The stream socket: accepts programs that send lines.
// Floor: ingest.
#pragma once

#include <memory>

#include "ingest/ingest_loop.h"
#include "net/socket_path.h"

namespace toolvitals {

// Out of descriptors or memory, it leaves the clients in the kernel's queue and looks again after accept_backoff.
// Where there are too many connections, the one that has been silent for longest makes room, after all that it sent was
// taken in.
//
// Belongs to the loop's thread; Drain() to whoever has joined it.
class IngestListener {
 public:
  explicit IngestListener(IngestLoop& loop) : loop_(loop), socket_(loop.io), backoff_(loop.io) {}
  ~IngestListener() { Close(); }
  IngestListener(const IngestListener&) = delete;
  IngestListener& operator=(const IngestListener&) = delete;

  absl::Status Open(std::unique_ptr<SocketPath> path);
  // Waits for clients. Called again after an exception has left a handler, it takes up what that handler dropped.
  void Start();
  // Takes the path away, lets nobody connect any more, and takes in what those who did have sent.
  void Drain() noexcept;
  // What is listened on, once open; negative where nothing is.
  int descriptor() const { return descriptor_; }

 private:
  void Wait();
  void WaitAfterBackoff();
  void AcceptReady();
  void Welcome(int descriptor);
  void Close() noexcept;

  IngestLoop& loop_;
  WatchedSocket socket_;
  int descriptor_ = -1;  // the socket's
  LoopTimer backoff_;
  std::unique_ptr<SocketPath> path_;
  bool waiting_ = false;  // for a client, or for the end of a back-off
};

}  // namespace toolvitals
