// Counting in few slots, where the least frequent gives way. Floor: registry.
#include "registry/heavy_hitters.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "absl/hash/hash.h"
#include "base/utf8.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

constexpr size_t kFamilyBytes = 80;
constexpr size_t kLabelBytes = 48;
constexpr size_t kValueBytes = 80;
constexpr int kReadAttempts = 8;

std::string Pack(std::string_view family, std::string_view label, std::string_view value) {
  const std::array<std::string_view, 3> texts = {TruncateUtf8(family, kFamilyBytes), TruncateUtf8(label, kLabelBytes),
                                                 TruncateUtf8(value, kValueBytes)};
  return PackTexts(texts);
}

void Store(OffenderSlot& slot, std::string_view text) {
  slot.bytes.store(text.size(), std::memory_order_relaxed);
  for (size_t word = 0; word * sizeof(Word) < text.size(); ++word) {
    uint64_t bits = 0;
    const std::string_view part = text.substr(word * sizeof(Word), sizeof(Word));
    memcpy(&bits, part.data(), part.size());
    slot.words[word].store(bits, std::memory_order_relaxed);
  }
}

std::string Load(const OffenderSlot& slot) {
  const uint64_t bytes = std::min<uint64_t>(slot.bytes.load(std::memory_order_relaxed), OffenderSlot::kTextBytes);
  std::string text(bytes, '\0');
  for (size_t word = 0; word * sizeof(Word) < bytes; ++word) {
    const uint64_t bits = slot.words[word].load(std::memory_order_relaxed);
    memcpy(text.data() + word * sizeof(Word), &bits, std::min(sizeof(Word), bytes - word * sizeof(Word)));
  }
  return text;
}

std::optional<Offender> ReadSlot(const OffenderSlot& slot) {
  for (int attempt = 0; attempt < kReadAttempts; ++attempt) {
    const uint64_t version = slot.version.load(std::memory_order_acquire);
    if (version % 2 != 0) continue;
    Offender offender;
    offender.count = slot.count.load(std::memory_order_relaxed);
    offender.error = slot.before.load(std::memory_order_relaxed);
    const auto texts = UnpackTexts(Load(slot));
    std::atomic_thread_fence(std::memory_order_acquire);
    if (slot.version.load(std::memory_order_relaxed) != version) continue;
    if (offender.count == 0 || !texts.has_value() || texts->size() != 3) return std::nullopt;
    offender.family = (*texts)[0];
    offender.label = (*texts)[1];
    offender.value = (*texts)[2];
    return offender;
  }
  return std::nullopt;
}

}  // namespace

static_assert(kFamilyBytes + kLabelBytes + kValueBytes + 6 <= OffenderSlot::kTextBytes);

void HeavyHitters::Offer(std::string_view family, std::string_view label, std::string_view value) {
  Word& table_offset = segment_.header().offenders;
  if (table_offset.load(std::memory_order_relaxed) == 0) {
    const Offset made = segment_.Allocate(sizeof(OffenderTable));
    if (made == 0) return;  // The budget of bytes is what was exceeded; the counts of what overflowed still tell.
    table_offset.store(made, std::memory_order_release);
  }
  OffenderTable& table = *segment_.At<OffenderTable>(table_offset.load(std::memory_order_relaxed));
  const std::string text = Pack(family, label, value);
  const uint64_t hash = absl::HashOf(absl::string_view(text));
  size_t least = 0;
  uint64_t least_count = UINT64_MAX;
  for (size_t i = 0; i < OffenderTable::kSlots; ++i) {
    OffenderSlot& slot = table.slots[i];
    const uint64_t count = slot.count.load(std::memory_order_relaxed);
    if (count != 0 && hashes_[i] == hash && Load(slot) == text) {
      slot.count.store(count + 1, std::memory_order_relaxed);
      return;
    }
    if (count < least_count) {
      least = i;
      least_count = count;
    }
  }
  OffenderSlot& slot = table.slots[least];
  const uint64_t version = slot.version.load(std::memory_order_relaxed);
  slot.version.store(version + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  slot.before.store(least_count, std::memory_order_relaxed);
  slot.count.store(least_count + 1, std::memory_order_relaxed);
  Store(slot, text);
  slot.version.store(version + 2, std::memory_order_release);
  hashes_[least] = hash;
}

std::vector<Offender> HeavyHitters::Read(const Segment& segment) {
  std::vector<Offender> offenders;
  const auto* table = segment.Find<OffenderTable>(segment.header().offenders.load(std::memory_order_acquire));
  if (table == nullptr) return offenders;
  for (const OffenderSlot& slot : table->slots) {
    if (std::optional<Offender> offender = ReadSlot(slot)) offenders.push_back(*std::move(offender));
  }
  std::sort(offenders.begin(), offenders.end(), [](const Offender& a, const Offender& b) { return a.count > b.count; });
  return offenders;
}

}  // namespace toolvitals
