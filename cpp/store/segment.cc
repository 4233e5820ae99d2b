// Mapping, copying, the bump allocator and its budget.
// Floor: store.
#include "store/segment.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/clock.h"
#include "base/system_calls.h"

namespace toolvitals {
namespace {

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMaxReservedBytes = kMaxMemoryLimitMb << 20;
// What a file grows by at least, and at most beyond what is asked for.
constexpr uint64_t kMinGrowBytes = uint64_t{64} << 10;
constexpr uint64_t kMaxGrowBytes = uint64_t{4} << 20;
// What is copied to a file at a time.
constexpr uint64_t kCopyBytes = uint64_t{256} << 10;

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

// As large as the file is made for so many bytes.
uint64_t FileBytesFor(uint64_t bytes) {
  return RoundUp(bytes + std::clamp(bytes / 4, kMinGrowBytes, kMaxGrowBytes), kPageBytes);
}

bool ReserveInFile(const FileRegion& region, uint64_t bytes) {
  return ReserveRoom(region.descriptor(), static_cast<off_t>(region.begin()), static_cast<off_t>(bytes));
}

// Copies word by word, each of which its writers may change meanwhile. Places and sizes are multiples of a word's.
void CopyWords(const char* from, uint64_t bytes, char* to) {
  const Word* words = reinterpret_cast<const Word*>(from);
  for (uint64_t i = 0; i < bytes / sizeof(Word); ++i) {
    const uint64_t bits = words[i].load(std::memory_order_relaxed);
    memcpy(to + i * sizeof(Word), &bits, sizeof(Word));
  }
}

bool WriteAll(const FileRegion& region, const char* data, uint64_t bytes, Offset at) {
  while (bytes != 0) {
    const ssize_t written = pwrite(region.descriptor(), data, bytes, static_cast<off_t>(region.begin() + at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data += written;
    at += static_cast<uint64_t>(written);
    bytes -= static_cast<uint64_t>(written);
  }
  return true;
}

// Calls `visit(begin, end)` for each stretch of [0, used) that is in no blank; those are sorted here.
template <typename Visit>
void ForEachStretch(uint64_t used, std::span<const Segment::Blank> blanks, Visit visit) {
  std::vector<Segment::Blank> sorted(blanks.begin(), blanks.end());
  std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  uint64_t at = 0;
  for (const Segment::Blank& blank : sorted) {
    if (blank.begin > at) visit(at, std::min(blank.begin, used));
    at = std::max(at, blank.begin + blank.bytes);
  }
  if (at < used) visit(at, used);
}

absl::Status NoRoom(uint64_t bytes, int error) {
  return absl::ResourceExhaustedError(
      absl::StrCat("cannot reserve ", bytes, " bytes of a file for the metrics store: ", strerror(error)));
}

// What a reader wants to see of a header before it believes a word of it; nullptr where it is so.
const char* Complaint(const SegmentHeader& header, uint64_t file_bytes) {
  if (header.magic.load(std::memory_order_acquire) != kSegmentMagic) return "magic";
  if (header.layout_version.load(std::memory_order_relaxed) != kLayoutVersion) return "version";
  const uint64_t bounds = header.histogram_bounds.load(std::memory_order_relaxed);
  const uint64_t window = header.window_size.load(std::memory_order_relaxed);
  if (header.header_bytes.load(std::memory_order_relaxed) != kHeaderBytes || bounds > kMaxDurationBounds ||
      window > kMaxWindowSize) {
    return "header";
  }
  const uint64_t used = header.used_bytes.load(std::memory_order_relaxed);
  if (used < kHeaderBytes || used > kMaxReservedBytes) return "header";
  return used > file_bytes ? "truncated" : nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Segment>> Segment::OpenView(int descriptor, uint64_t begin) {
  struct stat status = {};
  alignas(SegmentHeader) char page[sizeof(SegmentHeader)];
  if (fstat(descriptor, &status) != 0) return absl::FailedPreconditionError("unreadable");
  const uint64_t file_bytes = static_cast<uint64_t>(status.st_size) - std::min<uint64_t>(status.st_size, begin);
  if (file_bytes < kHeaderBytes) return absl::FailedPreconditionError(file_bytes == 0 ? "empty" : "truncated");
  if (pread(descriptor, page, sizeof(page), static_cast<off_t>(begin)) != static_cast<ssize_t>(sizeof(page))) {
    return absl::FailedPreconditionError("unreadable");
  }
  if (const char* complaint = Complaint(*reinterpret_cast<const SegmentHeader*>(page), file_bytes)) {
    return absl::FailedPreconditionError(complaint);
  }
  // All that it can grow to, so that nothing has to move when it does; only what the file has is looked at.
  void* base = mmap(nullptr, kMaxReservedBytes, PROT_READ, MAP_SHARED, descriptor, static_cast<off_t>(begin));
  if (base == MAP_FAILED) return absl::FailedPreconditionError("unmapped");
  std::unique_ptr<Segment> view(new Segment(static_cast<char*>(base), kMaxReservedBytes));
  if (const char* complaint = view->SetLimit(file_bytes)) return absl::FailedPreconditionError(complaint);
  return view;
}

const char* Segment::SetLimit(uint64_t file_bytes) {
  // Not even the header is there.
  if (file_bytes < kHeaderBytes) return file_bytes == 0 ? "empty" : "truncated";
  limit_ = std::min(file_bytes, kMaxReservedBytes);
  return Complaint(header(), file_bytes);
}

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
  // Released last: pairs with the acquire of a reader in another process, for whom the magic vouches for the rest.
  header.magic.store(kSegmentMagic, std::memory_order_release);
  return segment;
}

void Segment::TakeOwnership() {
  header().process_id.store(static_cast<uint64_t>(getpid()), std::memory_order_relaxed);
  header().process_start_ticks.store(ProcessStartTicks(), std::memory_order_relaxed);
  header().created_unix_ns.store(static_cast<uint64_t>(Clock::UnixNanos()), std::memory_order_relaxed);
  header().started_ns.store(Clock::MonotonicNanos(), std::memory_order_relaxed);
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
    if (used + size > header().capacity_bytes.load(std::memory_order_relaxed) && !Grow(used + size)) return 0;
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
  const auto* record = Find<StringRecord>(offset, offsetof(StringRecord, data));
  if (record == nullptr) return {};
  const uint64_t bytes = record->bytes.load(std::memory_order_relaxed);
  if (bytes > kMaxReservedBytes || !Holds(offset, offsetof(StringRecord, data) + bytes)) return {};
  return {record->data, bytes};
}

bool Segment::Grow(uint64_t bytes) {
  const uint64_t capacity = std::min(FileBytesFor(bytes), reserved_bytes_);
  // The program may have closed the descriptor, and opened a file of its own that has the number now.
  const bool grown = region_ && bytes <= capacity && region_.Reopen() && ReserveInFile(region_, capacity);
  cannot_grow_.store(!grown, std::memory_order_relaxed);
  if (!grown) return false;
  // Two threads that grow it both only make it larger.
  Word& known = header().capacity_bytes;
  uint64_t seen = known.load(std::memory_order_relaxed);
  while (seen < capacity &&
         !known.compare_exchange_weak(seen, capacity, std::memory_order_relaxed, std::memory_order_relaxed)) {
  }
  return true;
}

absl::Status Segment::CopyTo(const FileRegion& region, std::span<const Blank> blanks) const {
  const uint64_t used = used_bytes();
  const uint64_t capacity = std::min(FileBytesFor(used), reserved_bytes_);
  if (!ReserveInFile(region, capacity)) return NoRoom(capacity, errno);
  bool written = true;
  std::vector<char> piece(std::min(used, kCopyBytes));
  ForEachStretch(used, blanks, [&](Offset begin, Offset end) {
    for (Offset at = begin; written && at < end; at += piece.size()) {
      const uint64_t bytes = std::min<uint64_t>(piece.size(), end - at);
      CopyWords(base_ + at, bytes, piece.data());
      written = WriteAll(region, piece.data(), bytes, at);
    }
  });
  // What was allocated since is not in the copy.
  const uint64_t words[] = {capacity, budget_bytes(), used};
  static_assert(offsetof(SegmentHeader, used_bytes) - offsetof(SegmentHeader, capacity_bytes) == 2 * sizeof(Word));
  written = written && WriteAll(region, reinterpret_cast<const char*>(words), sizeof(words),
                                offsetof(SegmentHeader, capacity_bytes));
  return written ? absl::OkStatus() : NoRoom(capacity, errno);
}

std::vector<char> Segment::Copy(std::span<const Blank> blanks) const {
  std::vector<char> image(used_bytes());
  ForEachStretch(image.size(), blanks,
                 [&](Offset begin, Offset end) { CopyWords(base_ + begin, end - begin, image.data() + begin); });
  return image;
}

absl::Status Segment::Adopt(FileRegion region) {
  void* base = mmap(base_, reserved_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, region.descriptor(),
                    static_cast<off_t>(region.begin()));
  if (base == MAP_FAILED) return absl::ResourceExhaustedError("cannot map the file of the metrics store");
  region_ = std::move(region);
  region.Close();
  return absl::OkStatus();
}

absl::Status Segment::AdoptPrivately(std::span<const char> image) {
  const auto& copied = *reinterpret_cast<const SegmentHeader*>(image.data());
  const uint64_t budget = copied.budget_bytes.load(std::memory_order_relaxed);
  const uint64_t capacity = std::min(RoundUp(std::max<uint64_t>(budget, image.size()), kPageBytes), reserved_bytes_);
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (mmap(base_, reserved_bytes_, PROT_NONE, kFlags, -1, 0) == MAP_FAILED ||
      mprotect(base_, capacity, PROT_READ | PROT_WRITE) != 0) {
    return absl::ResourceExhaustedError("cannot map memory for the metrics store");
  }
  memcpy(base_, image.data(), image.size());
  header().used_bytes.store(image.size(), std::memory_order_relaxed);
  header().capacity_bytes.store(capacity, std::memory_order_relaxed);
  region_ = FileRegion();
  cannot_grow_.store(false, std::memory_order_relaxed);
  return absl::OkStatus();
}

absl::Status Segment::SetBudget(uint64_t budget_bytes) {
  const uint64_t capacity = RoundUp(budget_bytes, kPageBytes);
  if (capacity > reserved_bytes_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the metrics store can grow to ", reserved_bytes_, " bytes at most, not to ", budget_bytes));
  }
  if (!is_shared() && capacity > header().capacity_bytes.load(std::memory_order_relaxed)) {
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
