// A plain blocking client of a Unix socket, for tests.
// Floor: net, tests only.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace toolvitals {

class UnixClient {
 public:
  explicit UnixClient(const std::string& path, int type = SOCK_STREAM) : socket_(::socket(AF_UNIX, type, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const bool connected = connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    error_ = connected ? 0 : errno;
  }
  ~UnixClient() { Close(); }
  UnixClient(UnixClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)), error_(other.error_) {}
  UnixClient(const UnixClient&) = delete;
  UnixClient& operator=(const UnixClient&) = delete;

  bool connected() const { return error_ == 0; }
  int error() const { return error_; }

  // False where not all of it could be sent.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // One datagram, which may be empty.
  bool SendDatagram(std::string_view bytes) {
    return send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  }

  void Close() {
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }

 private:
  int socket_;
  int error_ = 0;
};

}  // namespace toolvitals
