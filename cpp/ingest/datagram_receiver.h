// The datagram socket: lines without a connection.
// Floor: ingest.
#pragma once

#include "ingest/ingest_loop.h"
#include "net/unix_socket.h"

namespace toolvitals {

// Takes in the datagrams that have come, within reason.
SocketWatch::Next ReceiveDatagrams(int descriptor, IngestLoop& loop);

// Takes in every datagram that has come.
void ReceiveAllDatagrams(int descriptor, IngestLoop& loop);

}  // namespace toolvitals
