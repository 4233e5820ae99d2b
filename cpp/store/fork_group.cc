// Claiming, filling and freeing the slots of the file in memory. Floor: store.
#include "store/fork_group.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "base/system_calls.h"

namespace toolvitals {

absl::StatusOr<std::shared_ptr<ForkGroup>> ForkGroup::Found() {
  static_assert(sizeof(Roster) <= kSlotBytes && kMaxMemoryLimitMb << 20 <= kSlotBytes);
  const int descriptor = MakeFileInMemory("toolvitals");
  if (descriptor < 0) return absl::UnavailableError(absl::StrCat("cannot make a file in memory: ", strerror(errno)));
  void* roster = MAP_FAILED;
  if (ReserveRoom(descriptor, 0, sizeof(Roster))) {
    roster = mmap(nullptr, sizeof(Roster), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  }
  if (roster == MAP_FAILED) {
    close(descriptor);
    return absl::UnavailableError("cannot map a file in memory");
  }
  return std::shared_ptr<ForkGroup>(new ForkGroup(descriptor, static_cast<Roster*>(roster)));
}

ForkGroup::~ForkGroup() {
  munmap(roster_, sizeof(Roster));
  if (IsOpen()) close(descriptor_);
}

int ForkGroup::OpenAgain() const {
  if (!IsOpen()) {
    errno = EBADF;
    return -1;
  }
  return OpenFileAgain(descriptor_);
}

absl::StatusOr<ClaimedRegion> ForkGroup::Claim() {
  const int descriptor = OpenAgain();
  if (descriptor < 0)
    return absl::ResourceExhaustedError(absl::StrCat("cannot open a file in memory: ", strerror(errno)));
  for (uint64_t slot = 0; slot < kSlots; ++slot) {
    const Word& state = roster_->slots[slot];
    const auto is_free = [&] {
      return state.load(std::memory_order_acquire) == static_cast<uint64_t>(SlotState::kFree);
    };
    if (!is_free() || !TryLockByte(descriptor, slot)) continue;
    // Looked at again with the lock held, without which no slot changes.
    if (is_free()) {
      uint64_t used = roster_->used.load(std::memory_order_relaxed);
      while (used <= slot && !roster_->used.compare_exchange_weak(used, slot + 1, std::memory_order_release,
                                                                  std::memory_order_relaxed)) {
      }
      ClaimedRegion claimed;
      claimed.region = FileRegion(descriptor, BeginOf(slot));
      claimed.name = absl::StrCat(slot);
      return claimed;
    }
    UnlockByte(descriptor, slot);
  }
  close(descriptor);
  return absl::ResourceExhaustedError(absl::StrCat("all ", kSlots, " slots for forked processes are taken"));
}

absl::Status ForkGroup::Publish(const std::string& name) {
  uint64_t slot = 0;
  std::from_chars(name.data(), name.data() + name.size(), slot);
  roster_->slots[slot].store(static_cast<uint64_t>(SlotState::kPublished), std::memory_order_release);
  return absl::OkStatus();
}

void ForkGroup::Release(uint64_t slot) {
  const int descriptor = OpenAgain();
  if (descriptor < 0) return;
  if (TryLockByte(descriptor, slot)) {
    ReturnRoom(descriptor, static_cast<off_t>(BeginOf(slot)), static_cast<off_t>(kSlotBytes));
    roster_->slots[slot].store(static_cast<uint64_t>(SlotState::kFree), std::memory_order_release);
  }
  close(descriptor);
}

}  // namespace toolvitals
