// Appending removals to the directory's file, and reading those of others. Floor: fleet.
#include "fleet/removal_journal.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

// What stands before an entry's text: the text's bytes, and what vouches for them and for the number.
struct Head {
  uint64_t bytes = 0;
  uint64_t checksum = 0;
  uint64_t number = 0;
};

// Between what an entry is and the identity of the family that is meant, where it is one alone.
constexpr char kIdentityMark[] = " ";

// Beyond what a journal grows to, one entry of the longest labels included: who reads more reads no journal.
constexpr uint64_t kMaxReadBytes = 4 << 20;

// FNV-1a, 64 bits.
uint64_t ChecksumOf(uint64_t number, std::string_view text) {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  const auto add = [&](uint8_t byte) { hash = (hash ^ byte) * 0x100'0000'01b3; };
  for (int shift = 0; shift < 64; shift += 8) add(static_cast<uint8_t>(number >> shift));
  for (const char c : text) add(static_cast<uint8_t>(c));
  return hash;
}

std::string_view KindOf(const SeriesFilter& filter) {
  if (filter.is_unregistered) return "family";
  return filter.is_of_attributes ? "attributes" : "series";
}

std::string PackFilter(const SeriesFilter& filter) {
  std::string kind(KindOf(filter));
  if (filter.identity != 0) absl::StrAppend(&kind, kIdentityMark, absl::Hex(filter.identity));
  std::vector<std::string_view> texts = {filter.family, kind};
  for (const auto& [name, value] : filter.labels) {
    texts.emplace_back(name);
    texts.emplace_back(value);
  }
  return PackTexts(texts);
}

std::optional<SeriesFilter> UnpackFilter(std::string_view packed) {
  const auto texts = UnpackTexts(packed);
  if (!texts.has_value() || texts->size() < 2 || texts->size() % 2 != 0) return std::nullopt;
  SeriesFilter filter;
  filter.family = (*texts)[0];
  const std::vector<std::string> kind = absl::StrSplit((*texts)[1], kIdentityMark);
  filter.is_unregistered = kind.front() == "family";
  filter.is_of_attributes = kind.front() == "attributes";
  if (kind.size() == 2 && !absl::SimpleHexAtoi(kind.back(), &filter.identity)) return std::nullopt;
  for (size_t i = 2; i < texts->size(); i += 2) filter.labels.emplace_back((*texts)[i], (*texts)[i + 1]);
  return filter;
}

// As many of the bytes as there are.
std::string ReadBytes(int descriptor, uint64_t begin, uint64_t bytes) {
  std::string read(bytes, '\0');
  uint64_t size = 0;
  while (size < bytes) {
    const ssize_t got = pread(descriptor, read.data() + size, bytes - size, static_cast<off_t>(begin + size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<uint64_t>(got);
  }
  read.resize(size);
  return read;
}

}  // namespace

void RemovalJournal::Clear() {
  inode_ = end_ = 0;
  entries_.clear();
}

bool RemovalJournal::Read(const SegmentDirectory& directory) {
  const absl::StatusOr<SegmentFile> file = directory.OpenFile(SegmentDirectory::kRemoved);
  if (!file.ok()) {
    if (absl::IsNotFound(file.status())) Clear();
    return !absl::IsResourceExhausted(file.status());
  }
  const int descriptor = file->region.descriptor();
  if (!entries_.empty()) {
    // Another file may have the number of the one that was read, but not its first entry.
    const std::string first = ReadBytes(descriptor, 0, sizeof(Head));
    Head head;
    if (first.size() == sizeof(Head)) memcpy(&head, first.data(), sizeof(Head));
    if (file->inode != inode_ || file->bytes < end_ || head.number != entries_.front().number) Clear();
  }
  inode_ = file->inode;
  if (file->bytes <= end_) return true;
  const std::string added = ReadBytes(descriptor, end_, std::min(file->bytes - end_, kMaxReadBytes));
  std::string_view left = added;
  while (ParseOne(left)) {
  }
  end_ += added.size() - left.size();
  return true;
}

bool RemovalJournal::ParseOne(std::string_view& bytes) {
  Head head;
  if (bytes.size() < sizeof(Head)) return false;
  memcpy(&head, bytes.data(), sizeof(Head));
  if (head.bytes > bytes.size() - sizeof(Head) || head.number <= last()) return false;
  const std::string_view text = bytes.substr(sizeof(Head), head.bytes);
  if (head.checksum != ChecksumOf(head.number, text)) return false;
  auto texts = UnpackTexts(text);
  if (!texts.has_value() || texts->empty()) return false;
  std::optional<SeriesFilter> filter = UnpackFilter(texts->front());
  if (!filter.has_value()) return false;
  texts->erase(texts->begin());
  entries_.push_back({head.number, *std::move(texts), *std::move(filter)});
  bytes.remove_prefix(sizeof(Head) + head.bytes);
  return true;
}

absl::Status RemovalJournal::Append(SegmentDirectory::Change& change, uint64_t least, std::vector<std::string> segments,
                                    const SeriesFilter& filter) {
  const std::string packed = PackFilter(filter);
  std::vector<std::string_view> texts = {packed};
  texts.insert(texts.end(), segments.begin(), segments.end());
  const std::string text = PackTexts(texts);
  Head head;
  head.bytes = text.size();
  head.number = std::max(least, last()) + 1;
  head.checksum = ChecksumOf(head.number, text);
  std::string bytes(sizeof(Head), '\0');
  memcpy(bytes.data(), &head, sizeof(Head));
  bytes += text;
  return change.Write(SegmentDirectory::kRemoved, end_, bytes);
}

void RemovalJournal::Unlink(SegmentDirectory::Change& change) {
  if (inode_ != 0) change.Unlink(SegmentDirectory::kRemoved);
  Clear();
}

}  // namespace toolvitals
