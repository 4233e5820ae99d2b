// Reading, answering and writing by the callbacks of one socket, with a deadline for each. Floor: serve.
#include "serve/connection.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <ctime>
#include <limits>
#include <optional>
#include <utility>

#include "base/descriptors.h"
#include "net/own_socket.h"

namespace toolvitals {

bool Connection::Adopt(int descriptor) {
  // The version of IP matters to nobody who has a connection.
  boost::system::error_code error;
  socket_.assign(boost::asio::ip::tcp::v4(), descriptor, error);
  return !error;
}

template <typename Step>
auto Connection::Then(Step step) {
  return [self = shared_from_this(), step](const boost::system::error_code& error, size_t bytes) {
    if (!self->socket_.is_open()) return;
    if (error || !self->IsOwn()) return self->Close();
    try {
      step(*self, bytes);
    } catch (...) {
      // Memory is short, or the peer's socket is in no state to go on.
      self->Close();
    }
  };
}

bool Connection::IsOwn() { return IsTrackedFile(socket_.native_handle()); }

void Connection::Start() {
  Await(loop_.tuning.head_timeout, true);
  Read();
}

void Connection::Close() noexcept {
  if (!socket_.is_open()) return;
  CloseOwn(socket_);
  body_.reset();
  EndStream();
  loop_.connections.Remove(*this);
}

void Connection::Await(std::chrono::milliseconds timeout, bool waits_for_client) {
  deadline_ = std::chrono::steady_clock::now() + timeout;
  waits_for_client_ = waits_for_client;
  loop_.connections.Touch(*this);
}

void Connection::Read() {
  socket_.async_read_some(boost::asio::buffer(chunk_),
                          Then([](Connection& self, size_t bytes) { self.OnRead(bytes); }));
}

void Connection::OnRead(size_t bytes) {
  reader_.Append(std::string_view(chunk_.data(), bytes));
  if (!std::exchange(head_begun_, true)) Await(loop_.tuning.head_timeout, true);
  AnswerNext();
}

void Connection::AnswerNext() {
  std::optional<Exchange> exchange = reader_.Next(loop_.CurrentHealth());
  if (!exchange) return Read();
  exchange_ = *std::move(exchange);
  std::visit([this](auto& answer) { Begin(answer); }, exchange_.answer);
}

void Connection::Begin(const Scrape& scrape) {
  Await(loop_.tuning.write_timeout, false);
  if (loop_.scrapes.Add(scrape, shared_from_this())) {
    boost::asio::post(loop_.io, [&loop = loop_] { loop.scrapes.AnswerAll(); });
  }
}

void Connection::Begin(const Upgrade& upgrade) {
  loop_.connections.Remove(*this);
  OpenWebSocket(loop_, socket_.release(), upgrade);
}

void Connection::Begin(Delegation& delegation) {
  // The desk answers at the delegate's deadline at the latest.
  Await(delegation.delegate->deadline() + loop_.tuning.write_timeout, false);
  loop_.delegates.Ask(std::move(delegation), shared_from_this());
}

void Connection::Deliver(const Response& response) noexcept {
  if (!socket_.is_open()) return;
  if (!IsOwn()) return Close();
  try {
    if (response.close) exchange_.keep_alive = false;
    Write(response);
  } catch (...) {
    Close();
  }
}

void Connection::Write(const Response& response) {
  if (response.start_body) return Stream(response);
  Await(loop_.tuning.write_timeout, false);
  head_.clear();
  AppendHead(response, exchange_.minor_version, exchange_.keep_alive, time(nullptr), head_);
  body_ = response.body;
  const std::array<boost::asio::const_buffer, 2> buffers = {
      boost::asio::buffer(head_), exchange_.head_only ? boost::asio::const_buffer() : boost::asio::buffer(*body_)};
  // The default condition offers the kernel 64 KiB at a time; this one offers all there is.
  const auto all = [](const boost::system::error_code& error, size_t) -> size_t {
    return error ? 0 : std::numeric_limits<int>::max();
  };
  boost::asio::async_write(socket_, buffers, all, Then([](Connection& self, size_t) { self.OnWritten(); }));
}

void Connection::Stream(const Response& response) {
  if (loop_.streams == kMaxStreams) {
    exchange_.keep_alive = false;
    return Write(ErrorResponse(503, "too many large scrapes are under way"));
  }
  const bool chunked = exchange_.minor_version != 0;
  if (!chunked) exchange_.keep_alive = false;
  head_.clear();
  AppendHead(response, exchange_.minor_version, exchange_.keep_alive, time(nullptr), head_);
  if (!exchange_.head_only) {
    stream_ = std::make_unique<BodyStream>(response.start_body(), response.gzip, chunked, loop_.tuning.piece_bytes);
    ++loop_.streams;
    collected_ = response.took;
  }
  WritePiece();
}

void Connection::WritePiece() {
  Await(loop_.tuning.write_timeout, false);
  piece_.clear();
  const bool more = stream_ != nullptr && stream_->Next(piece_);
  const std::array<boost::asio::const_buffer, 2> buffers = {boost::asio::buffer(head_), boost::asio::buffer(piece_)};
  boost::asio::async_write(socket_, buffers, Then([more](Connection& self, size_t) {
                             self.head_.clear();
                             if (more) return self.WritePiece();
                             if (self.stream_ != nullptr) {
                               self.loop_.scrapes.Observe(self.collected_ + self.stream_->took());
                             }
                             self.EndStream();
                             self.OnWritten();
                           }));
}

void Connection::EndStream() noexcept {
  if (stream_ == nullptr) return;
  stream_.reset();
  piece_ = std::string();
  --loop_.streams;
}

void Connection::OnWritten() {
  body_.reset();
  if (!exchange_.keep_alive) return Linger();
  head_begun_ = reader_.in_request();
  Await(head_begun_ ? loop_.tuning.head_timeout : loop_.tuning.idle_timeout, true);
  AnswerNext();
}

void Connection::Linger() {
  boost::system::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  if (error) return Close();
  Await(loop_.tuning.linger_timeout, true);
  Drain();
}

void Connection::Drain() {
  socket_.async_read_some(boost::asio::buffer(chunk_), Then([](Connection& self, size_t bytes) {
                            self.drained_bytes_ += bytes;
                            if (self.drained_bytes_ > kMaxDrainBytes) return self.Close();
                            self.Drain();
                          }));
}

}  // namespace toolvitals
