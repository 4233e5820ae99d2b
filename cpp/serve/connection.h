// One client: reads its requests, waits for their answers, writes them, and keeps to the deadlines.
// Floor: serve.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "net/connection_pool.h"
#include "serve/answer_waiter.h"
#include "serve/body_stream.h"
#include "serve/event_loop.h"
#include "serve/request_reader.h"

namespace toolvitals {

// At most one of these is under way: a read, a scrape, a write. So pipelined requests are answered in their order, a
// client that does not read its answers is not read from either, and what a connection holds is bounded: one head, one
// read, one response (whose body it shares).
//
//              bytes missing       a scrape, a delegate
//    ┌──▶ reading ──────┐          ┌──▶ answering ──┐    ┌─ piece ─┐
//    │       ▲──────────┘          │                ▼    ▼         │
//    └───────┴── next request ◀──▶ request ──────▶ writing ────────┴──▶ lingering ──▶ closed
//
// A body that is streamed is made piece by piece, each when the one before has gone: a client that reads slowly costs
// one piece. It has the deadline of a response for each.
//
// An upgrade hands the socket to a connection of another kind, and this one is over.
//
// Lingering: after the last response the client's remaining bytes are thrown away for a while. Closing with bytes
// unread would reset the connection and may take the response away from a client that has not read it yet.
//
// Belongs to the loop's thread. Closed by its client, by a deadline, by an error, or by the pool.
class Connection final : public PooledConnection, public AnswerWaiter, public std::enable_shared_from_this<Connection> {
 public:
  Connection(EventLoop& loop, const RouterConfig& config) : loop_(loop), socket_(loop.io), reader_(config) {}
  ~Connection() override { Close(); }

  [[nodiscard]] bool Adopt(int descriptor) override;
  void Start() override;

  void Close() noexcept override;
  void Deliver(const Response& response) noexcept override;
  void GiveUp() noexcept override { Close(); }

 private:
  // Whether the descriptor is still this connection's.
  bool IsOwn();
  void Read();
  void OnRead(size_t bytes);
  void AnswerNext();
  // Each begins what the answer is.
  void Begin(const Response& response) { Write(response); }
  void Begin(const Scrape& scrape);
  void Begin(const Upgrade& upgrade);
  void Begin(Delegation& delegation);
  void Write(const Response& response);
  void Stream(const Response& response);
  void WritePiece();
  void EndStream() noexcept;
  void OnWritten();
  void Linger();
  void Drain();
  void Await(std::chrono::milliseconds timeout, bool waits_for_client);

  // Makes a handler of an asynchronous operation: keeps the connection alive, closes it on an error or an exception.
  template <typename Step>
  auto Then(Step step);

  EventLoop& loop_;
  Socket socket_;
  RequestReader reader_;
  Exchange exchange_;                        // the one that is being answered, without its answer
  bool head_begun_ = true;                   // the deadline of the head is set; a new client has it from the start
  size_t drained_bytes_ = 0;                 // while lingering
  std::string head_;                         // of the response that is being written
  std::shared_ptr<const std::string> body_;  // likewise
  std::unique_ptr<BodyStream> stream_;       // of a body that is made while it is sent
  std::chrono::nanoseconds collected_{0};    // what collecting for it took
  std::string piece_;                        // of it, on its way
  std::array<char, kReadChunkBytes> chunk_;
};

}  // namespace toolvitals
