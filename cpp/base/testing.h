// What the tests of the core share: threads that start together, seeds, and patience for sanitizers.
// Floor: base. Only tests include it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace toolvitals {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// Repetitions, fewer where each of them costs ten times as much.
constexpr uint64_t Repetitions(uint64_t count) { return kSanitized ? count / 10 : count; }

// Calls body(0) to body(count - 1), each in a thread of its own; none begins before all are there.
template <typename Body>
void RunThreads(size_t count, const Body& body) {
  std::atomic<size_t> waiting{count};
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      waiting.fetch_sub(1);
      while (waiting.load() != 0) std::this_thread::yield();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// A folder in memory, where there is one, that is gone with all that is in it when the test is over.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code none;
    std::string pattern = (std::filesystem::is_directory("/dev/shm", none) ? "/dev/shm" : "/tmp") +
                          std::string("/toolvitals-test-XXXXXX");
    path_ = mkdtemp(pattern.data()) == nullptr ? std::string() : pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Pseudo-random numbers that are the same in every run and with every standard library, which the distributions of
// <random> are not.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  uint64_t Below(uint64_t limit) { return engine_() % limit; }
  // 0 (inclusive) to 1 (exclusive).
  double Unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace toolvitals
