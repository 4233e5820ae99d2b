// What the tests of the running ingest share: a folder for sockets, and one that is tuned for tests.
// Floor: ingest, tests only.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

#include "base/testing.h"
#include "ingest/ingest.h"
#include "ingest/ingest_fixture.h"
#include "ingest/unix_client.h"

namespace toolvitals {

inline size_t CountEntries(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

// A folder for sockets.
class SocketFolder : public TemporaryFolder {
 public:
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  size_t entries() const { return CountEntries(path().c_str()); }
};

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
