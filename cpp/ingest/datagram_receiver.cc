// Receiving datagrams until there are none, and handing on their lines. Floor: ingest.
#include "ingest/datagram_receiver.h"

#include <sys/socket.h>

#include <cerrno>
#include <string_view>

namespace toolvitals {
namespace {

// False where there is none.
bool ReceiveOne(int descriptor, IngestLoop& loop) {
  // With MSG_TRUNC the length is that of the datagram, however little of it fits.
  const ssize_t received = recv(descriptor, loop.buffer.get(), kIngestReadBytes, MSG_DONTWAIT | MSG_TRUNC);
  if (received < 0) return errno == EINTR;
  if (static_cast<size_t>(received) > kMaxLineBytes) {
    loop.recorder.OnBadLine(IngestResult::kLineTooLong);
  } else {
    SplitDatagram({loop.buffer.get(), static_cast<size_t>(received)}, loop.recorder);
  }
  return true;
}

}  // namespace

SocketWatch::Next ReceiveDatagrams(int descriptor, IngestLoop& loop) {
  for (int i = 0; i < kMaxDatagramsPerWake && ReceiveOne(descriptor, loop); ++i) {
  }
  return SocketWatch::Next::kWait;
}

void ReceiveAllDatagrams(int descriptor, IngestLoop& loop) {
  while (ReceiveOne(descriptor, loop)) {
  }
}

}  // namespace toolvitals
