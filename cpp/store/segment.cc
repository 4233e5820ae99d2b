// Mapping, the bump allocator and its budget.
// Floor: store.
#include "store/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/clock.h"

namespace toolvitals {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMaxReservedBytes = kMaxMemoryLimitMb << 20;

// The largest multiple there is where the next one is none.
uint64_t RoundUp(uint64_t bytes, uint64_t unit) {
  return bytes > UINT64_MAX - (unit - 1) ? UINT64_MAX / unit * unit : (bytes + unit - 1) / unit * unit;
}

char* Reserve(uint64_t bytes) {
  void* base = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return base == MAP_FAILED ? nullptr : static_cast<char*>(base);
}

// Field 22 of /proc/self/stat, counted from behind the command's closing parenthesis, or zero.
uint64_t ProcessStartTicks() {
  const int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[1024];
  const ssize_t size = read(fd, text, sizeof(text));
  close(fd);
  if (size <= 0) return 0;
  std::string_view rest(text, static_cast<size_t>(size));
  rest.remove_prefix(std::min(rest.size(), rest.rfind(')') + 1));
  for (int field = 2; field < 22; ++field) {
    const size_t space = rest.find(' ');
    if (space == std::string_view::npos) return 0;
    rest.remove_prefix(space + 1);
  }
  uint64_t ticks = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
  return ticks;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Segment>> Segment::CreateAnonymous(uint64_t budget_bytes) {
  const uint64_t capacity = RoundUp(std::max(budget_bytes, uint64_t{kHeaderBytes}), kPageBytes);
  // Address space without access costs nothing and lets SetBudget() grow in place. Where even that is denied
  // (RLIMIT_AS), the segment is as large as its first budget and stays so.
  uint64_t reserved = std::max(capacity, kMaxReservedBytes);
  char* base = Reserve(reserved);
  if (base == nullptr) {
    reserved = capacity;
    base = Reserve(reserved);
  }
  if (base == nullptr || mprotect(base, capacity, PROT_READ | PROT_WRITE) != 0) {
    const int error = errno;
    if (base != nullptr) munmap(base, reserved);
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot map ", capacity, " bytes for the metrics store: ", strerror(error)));
  }
  std::unique_ptr<Segment> segment(new Segment(base, reserved));
  SegmentHeader& header = segment->header();
  header.layout_version.store(kLayoutVersion, std::memory_order_relaxed);
  header.header_bytes.store(kHeaderBytes, std::memory_order_relaxed);
  header.capacity_bytes.store(capacity, std::memory_order_relaxed);
  header.budget_bytes.store(budget_bytes, std::memory_order_relaxed);
  header.used_bytes.store(kHeaderBytes, std::memory_order_relaxed);
  segment->TakeOwnership();
  header.created_unix_ns.store(static_cast<uint64_t>(Clock::UnixNanos()), std::memory_order_relaxed);
  // Released last: pairs with the acquire of a reader in another process, for whom the magic vouches for the rest.
  header.magic.store(kSegmentMagic, std::memory_order_release);
  return segment;
}

void Segment::TakeOwnership() {
  header().process_id.store(static_cast<uint64_t>(getpid()), std::memory_order_relaxed);
  header().process_start_ticks.store(ProcessStartTicks(), std::memory_order_relaxed);
}

Segment::~Segment() { munmap(base_, reserved_bytes_); }

Offset Segment::Allocate(uint64_t bytes) {
  const uint64_t size = RoundUp(bytes, kCacheLineBytes);
  if (const Offset offset = free_.Take(base_, bytes); offset != 0) {
    Word* words = At<Word>(offset);
    for (uint64_t i = 0; i < size / sizeof(Word); ++i) words[i].store(0, std::memory_order_relaxed);
    return offset;
  }
  Word& mark = header().used_bytes;
  uint64_t used = mark.load(std::memory_order_relaxed);
  do {
    const uint64_t budget = budget_bytes();
    if (size < bytes || used > budget || size > budget - used) return 0;
  } while (!mark.compare_exchange_weak(used, used + size, std::memory_order_relaxed, std::memory_order_relaxed));
  return used;
}

Offset Segment::AllocateString(std::string_view text) {
  const Offset offset = Allocate(offsetof(StringRecord, data) + text.size());
  if (offset == 0) return 0;
  StringRecord* record = At<StringRecord>(offset);
  memcpy(record->data, text.data(), text.size());
  record->bytes.store(text.size(), std::memory_order_relaxed);
  return offset;
}

std::string_view Segment::StringAt(Offset offset) const {
  const StringRecord* record = At<StringRecord>(offset);
  return {record->data, record->bytes.load(std::memory_order_relaxed)};
}

absl::Status Segment::SetBudget(uint64_t budget_bytes) {
  const uint64_t capacity = RoundUp(budget_bytes, kPageBytes);
  if (capacity > reserved_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the metrics store can grow to ", reserved_bytes_, " bytes at most, not to ", budget_bytes));
  }
  if (capacity > header().capacity_bytes.load(std::memory_order_relaxed)) {
    if (mprotect(base_, capacity, PROT_READ | PROT_WRITE) != 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot map ", capacity, " bytes for the metrics store: ", strerror(errno)));
    }
    header().capacity_bytes.store(capacity, std::memory_order_relaxed);
  }
  // Allocate() reads the budget only to compare, after the pages below it are already usable.
  header().budget_bytes.store(budget_bytes, std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace toolvitals
