// What the tests of the server share: one that is tuned for them, and looks at the process from outside.
// Floor: serve, tests only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <utility>

#include "serve/fake_formats.h"
#include "serve/server.h"
#include "serve/server_tuning.h"
#include "serve/test_client.h"

namespace toolvitals {

inline size_t CountEntries(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

class ServerTestBase : public ::testing::Test {
 protected:
  static constexpr size_t kBodyBytes = 2000;

  // No deadline comes while a test runs, but for those that it sets.
  ServerTestBase() {
    tuning_.head_timeout = tuning_.write_timeout = tuning_.idle_timeout = tuning_.linger_timeout =
        std::chrono::minutes(10);
    tuning_.sweep_interval = std::chrono::milliseconds(5);
    tuning_.accept_backoff = std::chrono::milliseconds(5);
    tuning_.formats = kFakeFormats;
  }

  ServerOptions Options() {
    ServerOptions options;
    options.listeners = {{0, "json"}, {0, "prometheus"}};
    options.snapshot = [this] {
      auto snapshot = std::make_shared<Snapshot>();
      snapshot->timestamp_us = ++snapshots_;
      snapshot->window_size = body_bytes_;
      return snapshot;
    };
    return options;
  }

  absl::StatusOr<std::unique_ptr<Server>> TryStart(ServerOptions options) {
    const ScopedServerTuning tuned(tuning_);
    return Server::Start(std::move(options));
  }

  void Start(ServerOptions options) {
    auto server = TryStart(std::move(options));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }
  void Start() { Start(Options()); }

  uint16_t json_port() const { return server_->ports()[0]; }
  uint16_t text_port() const { return server_->ports()[1]; }

  ServerTuning tuning_;
  std::atomic<int64_t> snapshots_ = 0;
  std::atomic<size_t> body_bytes_ = kBodyBytes;
  std::unique_ptr<Server> server_;
};

}  // namespace toolvitals
