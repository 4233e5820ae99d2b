// A client's socket as Beast's streams want one, which the program may close behind its back.
// Floor: serve.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <utility>

#include "net/io_loop.h"
#include "net/own_socket.h"

namespace toolvitals {

// Reads and writes only where the descriptor is still its own: otherwise it is given up first, and Asio refuses to use
// a closed socket.
class CheckedSocket {
 public:
  using executor_type = LoopExecutor;

  explicit CheckedSocket(boost::asio::io_context& io) : socket_(io) {}

  [[nodiscard]] bool Adopt(int descriptor) {
    boost::system::error_code error;
    socket_.assign(boost::asio::ip::tcp::v4(), descriptor, error);
    return !error;
  }
  bool is_open() const { return socket_.is_open(); }
  void Close() noexcept {
    if (socket_.is_open()) CloseOwn(socket_);
  }

  executor_type get_executor() noexcept { return socket_.get_executor(); }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return Own().async_read_some(buffers, std::forward<Token>(token));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return Own().async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, LoopExecutor>;

  Socket& Own() {
    if (socket_.is_open() && !IsTrackedFile(socket_.native_handle())) CloseOwn(socket_);
    return socket_;
  }

  Socket socket_;
};

// What Beast does when a WebSocket has said goodbye: nothing, for whoever owns the connection closes it.
template <typename Handler>
void async_teardown(boost::beast::role_type, CheckedSocket& socket, Handler&& handler) {
  boost::asio::post(socket.get_executor(),
                    [handler = std::forward<Handler>(handler)]() mutable { handler(boost::system::error_code()); });
}

// Likewise found by Beast.
inline void beast_close_socket(CheckedSocket& socket) { socket.Close(); }

}  // namespace toolvitals
