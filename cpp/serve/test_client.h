// A plain blocking HTTP client for tests, which can also misbehave.
// Floor: serve, tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

namespace toolvitals {

struct TestReply {
  int status = 0;  // 0: the server closed without one
  std::string head;
  std::string body;
};

class TestClient {
 public:
  explicit TestClient(uint16_t port, int receive_buffer_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    // A test that would wait for ever fails instead.
    const timeval patience = {.tv_sec = 60, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer_bytes > 0) {
      setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~TestClient() {
    if (socket_ >= 0) close(socket_);
  }
  TestClient(TestClient&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), connected_(other.connected_), bytes_(std::move(other.bytes_)) {}
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  bool connected() const { return connected_; }

  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next reply, however much of it has come already.
  TestReply Receive(bool head_only = false) {
    size_t end;
    while ((end = bytes_.find("\r\n\r\n")) == std::string::npos) {
      if (!More()) return {};
    }
    TestReply reply;
    reply.head = bytes_.substr(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + reply.head.find(' '));
    bytes_.erase(0, end + 4);
    if (!head_only && reply.head.find("Transfer-Encoding: chunked\r\n") != std::string::npos) {
      if (!ReceiveChunks(reply.body)) return {};
      return reply;
    }
    const size_t length_at = reply.head.find("Content-Length: ");
    const size_t length =
        head_only || length_at == std::string::npos ? 0 : std::atol(reply.head.c_str() + length_at + 16);
    while (bytes_.size() < length) {
      if (!More()) return {};
    }
    reply.body = bytes_.substr(0, length);
    bytes_.erase(0, length);
    return reply;
  }

  TestReply Get(std::string_view target, std::string_view fields = "") {
    Send("GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n");
    return Receive();
  }

  // The next so many bytes, or those that came before the server closed.
  std::string ReceiveBytes(size_t count) {
    while (bytes_.size() < count && More()) {
    }
    std::string taken = bytes_.substr(0, count);
    bytes_.erase(0, count);
    return taken;
  }

  // All that comes until the server closes.
  std::string ReceiveRest() {
    while (More()) {
    }
    return std::exchange(bytes_, {});
  }

  // Waits until the server closes; false when it does not, or sends something more.
  bool IsClosedByServer() {
    char byte;
    if (!bytes_.empty()) return false;
    const ssize_t received = recv(socket_, &byte, 1, 0);
    return received == 0 || (received < 0 && (errno == ECONNRESET || errno == EPIPE));
  }

 private:
  bool ReceiveChunks(std::string& body) {
    for (;;) {
      size_t end;
      while ((end = bytes_.find("\r\n")) == std::string::npos) {
        if (!More()) return false;
      }
      const size_t size = std::strtoul(bytes_.c_str(), nullptr, 16);
      while (bytes_.size() < end + 2 + size + 2) {
        if (!More()) return false;
      }
      body.append(bytes_, end + 2, size);
      const bool framed = bytes_.compare(end + 2 + size, 2, "\r\n") == 0;
      bytes_.erase(0, end + 2 + size + 2);
      if (!framed) return false;
      if (size == 0) return true;
    }
  }

  bool More() {
    char buffer[65536];
    const ssize_t received = recv(socket_, buffer, sizeof buffer, 0);
    if (received <= 0) return false;
    bytes_.append(buffer, static_cast<size_t>(received));
    return true;
  }

  int socket_;
  bool connected_ = false;
  std::string bytes_;
};

}  // namespace toolvitals
