// What the tests of the running ingest share: one that is tuned for tests.
// Floor: ingest, tests only.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "ingest/ingest.h"
#include "ingest/ingest_fixture.h"
#include "net/testing.h"
#include "net/unix_client.h"

namespace toolvitals {

class IngestTestBase : public IngestFixture {
 protected:
  IngestTestBase() {
    tuning_.accept_backoff = std::chrono::milliseconds(5);
    options_.stream_path = stream_;
    options_.datagram_path = datagram_;
  }

  absl::StatusOr<std::unique_ptr<Ingest>> TryStart() { return Ingest::Start(*recorder_, options_, tuning_); }

  void Start() {
    auto ingest = TryStart();
    ASSERT_TRUE(ingest.ok()) << ingest.status();
    ingest_ = *std::move(ingest);
  }

  // Waits; a test that would wait for ever is ended from outside.
  void Await(const std::function<bool()>& holds) {
    while (!holds()) std::this_thread::yield();
  }
  void AwaitLines(const char* result, double count) {
    Await([&] { return Lines(result) >= count; });
    EXPECT_EQ(Lines(result), count);
  }

  SocketFolder folder_;
  const std::string stream_ = folder_ / "s";
  const std::string datagram_ = folder_ / "d";
  IngestOptions options_;
  IngestTuning tuning_;
  std::unique_ptr<Ingest> ingest_;
};

}  // namespace toolvitals
