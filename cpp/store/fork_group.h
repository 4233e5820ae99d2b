// The segments of the processes that were forked from one, where nobody named a directory.
// Floor: store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file_identity.h"
#include "base/word.h"
#include "store/segment_place.h"

namespace toolvitals {

// One file without a name (memfd_create(2)) that every process inherits from the founder, the only one who reads. Each
// process has a slot of it, whose lock is its sign of life; what it recorded is there when it has ended, until the
// founder has taken it in. When the last of them is gone, so is the file.
//
//   0                                1 GiB               2 GiB
//   [roster: a word for each slot |  ][slot 0: a segment |][slot 1: a segment |] …
//
// Thread-safe.
class ForkGroup final : public SegmentPlace {
 public:
  static constexpr uint64_t kSlots = 4096;

  // Unavailable where the system has no such files.
  static absl::StatusOr<std::shared_ptr<ForkGroup>> Found();
  ~ForkGroup() override;
  ForkGroup(const ForkGroup&) = delete;
  ForkGroup& operator=(const ForkGroup&) = delete;

  // A slot, whose number is the name. ResourceExhausted where all are taken.
  absl::StatusOr<ClaimedRegion> Claim() override;
  absl::Status Publish(const std::string& name) override;

  // For the founder. Slots that were ever claimed are below this.
  uint64_t slots_used() const { return roster_->used.load(std::memory_order_acquire); }
  bool IsPublished(uint64_t slot) const {
    return roster_->slots[slot].load(std::memory_order_acquire) == static_cast<uint64_t>(SlotState::kPublished);
  }
  // Also where that cannot be found out any more.
  bool IsLive(uint64_t slot) const { return !IsOpen() || IsByteLocked(descriptor_, slot); }
  // Negative where the program has closed it: the file has no name by which it could be opened again.
  int descriptor() const { return IsOpen() ? descriptor_ : -1; }
  static uint64_t BeginOf(uint64_t slot) { return (slot + 1) * kSlotBytes; }
  // Makes the slot of a process that has ended free for another, and its memory the system's.
  void Release(uint64_t slot);

 private:
  static constexpr uint64_t kSlotBytes = uint64_t{1} << 30;

  enum class SlotState : uint64_t { kFree = 0, kPublished = 1 };

  struct Roster {
    Word used;
    Word reserved[7];
    Word slots[kSlots];  // SlotState
  };

  ForkGroup(int descriptor, Roster* roster) : descriptor_(descriptor), identity_(descriptor), roster_(roster) {}

  bool IsOpen() const { return identity_.IsOf(descriptor_); }

  // A descriptor of an open file description of its own, for locks; negative where there is none.
  int OpenAgain() const;

  const int descriptor_;
  const FileIdentity identity_;
  Roster* const roster_;
};

}  // namespace toolvitals
