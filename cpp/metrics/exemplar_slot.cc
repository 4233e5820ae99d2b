// Writing and reading an exemplar's words under a version that tells torn reads. Floor: metrics.
#include "metrics/exemplar_slot.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace toolvitals {
namespace {

constexpr int kReadAttempts = 16;

}  // namespace

bool ExemplarSlot::Write(std::string_view encoded_labels, double observed, int64_t unix_us) {
  if (encoded_labels.size() > kLabelBytes) return false;
  uint64_t before = version.load(std::memory_order_relaxed);
  if (before % 2 != 0 ||
      !version.compare_exchange_strong(before, before + 1, std::memory_order_acquire, std::memory_order_relaxed)) {
    return false;
  }
  // Pairs with the acquire fence in Read(): a reader that sees any of what follows sees the odd version.
  std::atomic_thread_fence(std::memory_order_release);
  bytes.store(encoded_labels.size(), std::memory_order_relaxed);
  value.store(std::bit_cast<uint64_t>(observed), std::memory_order_relaxed);
  timestamp_us.store(static_cast<uint64_t>(unix_us), std::memory_order_relaxed);
  for (size_t word = 0; word * sizeof(Word) < encoded_labels.size(); ++word) {
    uint64_t bits = 0;
    const std::string_view part = encoded_labels.substr(word * sizeof(Word), sizeof(Word));
    memcpy(&bits, part.data(), part.size());
    labels[word].store(bits, std::memory_order_relaxed);
  }
  version.store(before + 2, std::memory_order_release);
  return true;
}

std::optional<ExemplarSlot::Content> ExemplarSlot::Read() const {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const uint64_t before = version.load(std::memory_order_acquire);
    if (before == 0) return std::nullopt;
    if (before % 2 != 0) continue;
    Content content;
    content.value = LoadDouble(value);
    content.timestamp_us = static_cast<int64_t>(timestamp_us.load(std::memory_order_relaxed));
    const size_t size = std::min<size_t>(bytes.load(std::memory_order_relaxed), kLabelBytes);
    content.labels.resize(size);
    for (size_t word = 0; word * sizeof(Word) < size; ++word) {
      const uint64_t bits = labels[word].load(std::memory_order_relaxed);
      memcpy(content.labels.data() + word * sizeof(Word), &bits, std::min(sizeof(Word), size - word * sizeof(Word)));
    }
    std::atomic_thread_fence(std::memory_order_acquire);
    if (version.load(std::memory_order_relaxed) == before) return content;
  }
  return std::nullopt;
}

void ExemplarSlot::Reset() {
  // A writer that is at work finishes what is then the first exemplar after the reset.
  uint64_t before = version.load(std::memory_order_relaxed);
  if (before % 2 == 0) version.compare_exchange_strong(before, 0, std::memory_order_relaxed);
}

}  // namespace toolvitals
