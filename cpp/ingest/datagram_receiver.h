// The datagram socket: lines without a connection.
// Floor: ingest.
#pragma once

#include <memory>

#include "ingest/ingest_loop.h"
#include "net/socket_path.h"

namespace toolvitals {

// Belongs to the loop's thread; Drain() to whoever has joined it.
class DatagramReceiver {
 public:
  explicit DatagramReceiver(IngestLoop& loop) : loop_(loop), socket_(loop.io) {}
  ~DatagramReceiver() { Close(); }
  DatagramReceiver(const DatagramReceiver&) = delete;
  DatagramReceiver& operator=(const DatagramReceiver&) = delete;

  absl::Status Open(std::unique_ptr<SocketPath> path);
  // Waits for datagrams. Called again after an exception has left a handler, it takes up what that handler dropped.
  void Start();
  // Takes the path away, lets nobody send any more, and takes in what was sent.
  void Drain() noexcept;
  // What is received at, once open; negative where nothing is.
  int descriptor() const { return descriptor_; }

 private:
  void Wait();
  // False where there is none.
  bool ReadOne();
  void Close() noexcept;

  IngestLoop& loop_;
  WatchedSocket socket_;
  int descriptor_ = -1;  // the socket's
  std::unique_ptr<SocketPath> path_;
  bool waiting_ = false;
};

}  // namespace toolvitals
