// Creating and opening the files of a directory that is checked first. Floor: store.
#include "store/segment_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "base/descriptors.h"
#include "base/random_bits.h"

namespace toolvitals {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr mode_t kWritableByOthers = 0022;

absl::Status ErrnoStatus(std::string_view what, const std::string& path, int error) {
  const std::string message =
      absl::StrCat(absl::string_view(what.data(), what.size()), " '", path, "': ", strerror(error));
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOENT:
      return absl::NotFoundError(message);
    case ENOTDIR:
    case ELOOP:
      return absl::FailedPreconditionError(message);
    default:
      return absl::ResourceExhaustedError(message);
  }
}

// A name that no other process draws, at this time or another.
std::string DrawName() { return absl::StrCat(absl::Hex(RandomBits(), absl::kZeroPad16)); }

std::string AbsolutePath(const std::string& path) {
  std::error_code unknown;
  const std::filesystem::path absolute = std::filesystem::absolute(path, unknown);
  return unknown ? path : absolute.string();
}

absl::Status MissingParent(const std::string& path) {
  const std::string parent = std::filesystem::path(AbsolutePath(path)).parent_path().string();
  return absl::NotFoundError(
      absl::StrCat("cannot make the directory '", path, "': '", parent, "', which it is to be in, is not there"));
}

std::string PrivateFolderIn(const std::string& path) {
  return absl::StrCat(path, path.ends_with('/') ? "" : "/", "toolvitals-", geteuid());
}

std::string WithSuffix(std::string_view name, std::string_view suffix) { return std::string(name).append(suffix); }

// The same on the stack, since the child of a fork publishes its segment and may not allocate. Cut off where it is
// longer than any name that DrawName() gives; a file of that name is not there.
class FileName {
 public:
  FileName(std::string_view name, std::string_view suffix) {
    for (const std::string_view part : {name, suffix})
      length_ += part.copy(text_.data() + length_, kMaxBytes - length_);
  }
  const char* c_str() const { return text_.data(); }

 private:
  static constexpr size_t kMaxBytes = 63;

  std::array<char, kMaxBytes + 1> text_ = {};
  size_t length_ = 0;
};

}  // namespace

absl::StatusOr<std::shared_ptr<SegmentDirectory>> SegmentDirectory::Open(const std::string& path, StepHook at_step) {
  return Find(path, Missing::kIsMade, std::move(at_step));
}

absl::StatusOr<std::shared_ptr<SegmentDirectory>> SegmentDirectory::OpenToRead(const std::string& path) {
  return Find(path, Missing::kIsNotFound, nullptr);
}

std::string SegmentDirectory::Locate(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return path;
  return (status.st_mode & kWritableByOthers) != 0 ? PrivateFolderIn(path) : path;
}

absl::StatusOr<std::shared_ptr<SegmentDirectory>> SegmentDirectory::Find(const std::string& path, Missing missing,
                                                                         StepHook at_step) {
  std::string found = path;
  for (const bool is_private : {false, true}) {
    if (missing == Missing::kIsMade && mkdir(found.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      const int error = errno;
      if (error == ENOENT) return MissingParent(found);
      return ErrnoStatus("cannot make the directory", found, error);
    }
    // In a directory that others can write to, a link may be theirs.
    const int descriptor =
        MovedAboveStandard(open(found.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_private ? O_NOFOLLOW : 0)));
    if (descriptor < 0 && errno == ENOENT && is_private) {
      const std::string name = found.substr(found.rfind('/') + 1);
      return absl::NotFoundError(absl::StrCat("others can write to '", path,
                                              "', so each user has a folder in it, and '", name, "' is not there"));
    }
    if (descriptor < 0) return ErrnoStatus("cannot open the directory", found, errno);
    std::shared_ptr<SegmentDirectory> directory(new SegmentDirectory(path, found, descriptor, at_step));
    struct stat status = {};
    if (fstat(descriptor, &status) != 0) return ErrnoStatus("cannot look at the directory", found, errno);
    const bool is_writable_by_others = (status.st_mode & kWritableByOthers) != 0;
    if (is_writable_by_others && !is_private) {
      found = PrivateFolderIn(path);
      continue;
    }
    if (status.st_uid != geteuid()) {
      return absl::PermissionDeniedError(
          absl::StrCat("the directory '", found, "' is user ", status.st_uid, "'s, not user ", geteuid(), "'s"));
    }
    if (!is_writable_by_others) return directory;
  }
  return absl::PermissionDeniedError(absl::StrCat("others can write to the directory '", found, "'; it must be 0700"));
}

SegmentDirectory::SegmentDirectory(std::string asked_path, std::string path, int descriptor, StepHook at_step)
    : asked_path_(std::move(asked_path)),
      path_(std::move(path)),
      absolute_(AbsolutePath(path_)),
      identity_(descriptor),
      descriptor_(descriptor),
      at_step_(std::move(at_step)) {}

SegmentDirectory::~SegmentDirectory() {
  const int descriptor = descriptor_.load(std::memory_order_relaxed);
  if (identity_.IsOf(descriptor)) close(descriptor);
}

// Relaxed: the number alone is exchanged, and each thread asks the kernel what it means.
int SegmentDirectory::Descriptor() const {
  int known = descriptor_.load(std::memory_order_relaxed);
  if (identity_.IsOf(known)) return known;
  const int again = MovedAboveStandard(open(absolute_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (again < 0) return -1;
  if (!identity_.IsOf(again)) {
    close(again);
    return -1;
  }
  if (descriptor_.compare_exchange_strong(known, again, std::memory_order_relaxed)) return again;
  // Another thread was faster.
  close(again);
  return identity_.IsOf(known) ? known : -1;
}

absl::StatusOr<ClaimedRegion> SegmentDirectory::Claim() {
  // Whoever cleans up may find the file before it is locked, and take it for one whose process has ended.
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    ClaimedRegion claimed;
    claimed.name = DrawName();
    const std::string making = WithSuffix(claimed.name, kMakingSuffix);
    Step("create");
    const int descriptor = MovedAboveStandard(
        openat(Descriptor(), making.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kFileMode));
    if (descriptor < 0) return ErrnoStatus("cannot make a file in", path_, errno);
    claimed.region = FileRegion(descriptor, 0, absolute_ + "/" + WithSuffix(claimed.name, kSegmentSuffix));
    Step("lock");
    if (!TryLockByte(descriptor, kLockByte)) {
      if (errno == EACCES || errno == EAGAIN) continue;
      return absl::FailedPreconditionError(absl::StrCat("the file system of '", path_, "' has no locks"));
    }
    if (InodeOf(making) != 0) return claimed;
  }
  return absl::ResourceExhaustedError(absl::StrCat("files in '", path_, "' disappear while they are made"));
}

absl::Status SegmentDirectory::Rename(const char* from, const char* to) {
  const int directory = Descriptor();
  if (renameat(directory, from, directory, to) == 0) return absl::OkStatus();
  return ErrnoStatus("cannot rename a file in", path_, errno);
}

absl::Status SegmentDirectory::Publish(const std::string& name) {
  Step("publish");
  return Rename(FileName(name, kMakingSuffix).c_str(), FileName(name, kSegmentSuffix).c_str());
}

absl::StatusOr<SegmentDirectory::Listing> SegmentDirectory::List() const {
  Step("list");
  // A descriptor of its own, for the position in a directory is the open file description's.
  const int descriptor = MovedAboveStandard(openat(Descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor < 0) return absl::UnavailableError(absl::StrCat("cannot list '", path_, "': ", strerror(errno)));
  DIR* const stream = fdopendir(descriptor);
  if (stream == nullptr) {
    close(descriptor);
    return absl::UnavailableError(absl::StrCat("cannot list '", path_, "': ", strerror(errno)));
  }
  Listing listing;
  while (const dirent* entry = readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(kSegmentSuffix)) {
      listing.segments.emplace_back(name.substr(0, name.size() - kSegmentSuffix.size()));
    } else if (name != "." && name != ".." && name != kRetired && name != kRemoved && !name.ends_with(kMakingSuffix) &&
               !name.ends_with(kBaselineSuffix)) {
      listing.others.emplace_back(name);
    }
  }
  closedir(stream);
  std::sort(listing.segments.begin(), listing.segments.end());
  std::sort(listing.others.begin(), listing.others.end());
  return listing;
}

absl::StatusOr<SegmentFile> SegmentDirectory::OpenFile(const std::string& name) const {
  Step("open");
  const int descriptor =
      MovedAboveStandard(openat(Descriptor(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (descriptor < 0) {
    if (errno == ENOENT) return absl::NotFoundError(name);
    const bool is_link = errno == ELOOP;
    const bool is_full = errno == EMFILE || errno == ENFILE || errno == ENOMEM;
    if (is_full) return absl::ResourceExhaustedError("descriptors");
    return absl::FailedPreconditionError(is_link ? "symlink" : errno == EACCES ? "foreign" : "unreadable");
  }
  SegmentFile file;
  file.region = FileRegion(descriptor, 0);
  struct stat status = {};
  if (fstat(descriptor, &status) != 0) return absl::FailedPreconditionError("unreadable");
  if (!S_ISREG(status.st_mode)) return absl::FailedPreconditionError("irregular");
  if (status.st_uid != geteuid()) return absl::FailedPreconditionError("foreign");
  file.inode = status.st_ino;
  file.bytes = static_cast<uint64_t>(status.st_size);
  return file;
}

uint64_t SegmentDirectory::InodeOf(const std::string& name) const {
  Step("stat");
  struct stat status = {};
  return fstatat(Descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 ? status.st_ino : 0;
}

std::optional<uint64_t> SegmentDirectory::BytesOf(const std::string& name, uint64_t inode) const {
  struct stat status = {};
  if (fstatat(Descriptor(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || status.st_ino != inode) {
    return std::nullopt;
  }
  return static_cast<uint64_t>(status.st_size);
}

std::optional<SegmentDirectory::Change> SegmentDirectory::TryChange() {
  Step("begin");
  // A description of its own: a lock of the one that all threads share would let all of them in.
  const int descriptor = MovedAboveStandard(openat(Descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor < 0) return std::nullopt;
  // A child that is forked meanwhile closes its copy, which would hold the lock for as long as the child lives.
  if (!TrackDescriptor(descriptor) || flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    UntrackDescriptor(descriptor);
    close(descriptor);
    return std::nullopt;
  }
  return Change(*this, descriptor);
}

SegmentDirectory::Change::~Change() {
  if (descriptor_ < 0) return;
  UntrackDescriptor(descriptor_);
  flock(descriptor_, LOCK_UN);
  close(descriptor_);
}

absl::StatusOr<ClaimedRegion> SegmentDirectory::Change::Make() { return directory_.Claim(); }

absl::Status SegmentDirectory::Change::Commit(const ClaimedRegion& made, const std::string& name) {
  directory_.Step("commit");
  return directory_.Rename(FileName(made.name, kMakingSuffix).c_str(), name.c_str());
}

void SegmentDirectory::Change::Unlink(const std::string& name) {
  directory_.Step("unlink");
  unlinkat(directory_.Descriptor(), name.c_str(), 0);
}

absl::Status SegmentDirectory::Change::Write(const std::string& name, uint64_t offset, std::string_view bytes) {
  directory_.Step("write");
  const int descriptor = MovedAboveStandard(openat(
      directory_.descriptor_, name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, kFileMode));
  if (descriptor < 0) return ErrnoStatus("cannot write to a file in", directory_.path_, errno);
  const FileRegion file(descriptor, 0);
  struct stat status = {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
    return absl::FailedPreconditionError(absl::StrCat("'", name, "' in '", directory_.path_, "' is no file of ours"));
  }
  if (static_cast<uint64_t>(status.st_size) > offset && ftruncate(descriptor, static_cast<off_t>(offset)) != 0) {
    return ErrnoStatus("cannot write to a file in", directory_.path_, errno);
  }
  while (!bytes.empty()) {
    const ssize_t written = pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return ErrnoStatus("cannot write to a file in", directory_.path_, errno);
    bytes.remove_prefix(static_cast<size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

void SegmentDirectory::Change::UnlinkUnfinished() {
  const int descriptor = MovedAboveStandard(openat(directory_.Descriptor(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* const stream = descriptor < 0 ? nullptr : fdopendir(descriptor);
  if (stream == nullptr) {
    if (descriptor >= 0) close(descriptor);
    return;
  }
  std::vector<std::string> unfinished;
  while (const dirent* entry = readdir(stream)) {
    if (std::string_view(entry->d_name).ends_with(kMakingSuffix)) unfinished.emplace_back(entry->d_name);
  }
  closedir(stream);
  for (const std::string& name : unfinished) {
    const absl::StatusOr<SegmentFile> file = directory_.OpenFile(name);
    // A process that is about to lock its file finds it locked, and makes another one.
    if (file.ok() && TryShareByte(file->region.descriptor(), kLockByte)) Unlink(name);
  }
}

}  // namespace toolvitals
