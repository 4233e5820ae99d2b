// Closing a socket that the program may have closed already, and given its number to something else.
// Floor: net.
#pragma once

#include <boost/system/error_code.hpp>

#include "base/descriptors.h"

namespace toolvitals {

// `socket` is an open socket, acceptor or descriptor of Asio's, and its descriptor is tracked.
template <typename Socket>
void CloseOwn(Socket& socket) noexcept {
  const int descriptor = socket.native_handle();
  const bool is_own = IsTrackedFile(descriptor);
  UntrackDescriptor(descriptor);
  boost::system::error_code ignored;
  try {
    if (is_own) {
      socket.close(ignored);
    } else {
      // Asio forgets the number and leaves it open. What it would have the loop forget is gone with the file.
      socket.release();
    }
  } catch (...) {
    // Only where there was nothing to let go of.
  }
}

}  // namespace toolvitals
