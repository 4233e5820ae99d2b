// Making and removing a Unix socket's path without taking another's. Floor: net.
#include "net/socket_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "base/descriptors.h"
#include "base/system_calls.h"
#include "net/net_limits.h"

namespace toolvitals {
namespace {

constexpr size_t kMaxPathBytes = sizeof(sockaddr_un::sun_path) - 1;
constexpr int kLockAttempts = 200;
constexpr std::chrono::milliseconds kLockPause{10};

absl::Status PathError(const std::string& path, int error) {
  const std::string what = absl::StrCat("socket ", path, " cannot be made: ", strerror(error));
  const auto about_folder = [&](const char* problem) {
    return absl::StrCat("socket ", path, " cannot be made: its folder ",
                        std::filesystem::path(path).parent_path().string(), problem);
  };
  switch (error) {
    case ENOENT:
      return absl::NotFoundError(about_folder(" is not there"));
    case ENOTDIR:
      return absl::FailedPreconditionError(about_folder(" is no folder"));
    case EADDRINUSE:
      return absl::AlreadyExistsError(what);
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
      return absl::PermissionDeniedError(what);
    default:
      return absl::ResourceExhaustedError(what);
  }
}

sockaddr_un AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// Servers that start at the same moment look at the path and bind it one after the other: each holds a lock of the
// folder meanwhile. -1, which is no lock, where the folder cannot be read. The lock goes with the descriptor.
absl::StatusOr<int> LockFolder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor = MovedAboveStandard(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor < 0) return errno == EACCES ? absl::StatusOr<int>(-1) : PathError(path, errno);
  for (int attempt = 0; attempt < kLockAttempts; ++attempt) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) return descriptor;
    std::this_thread::sleep_for(kLockPause);
  }
  close(descriptor);
  return absl::AlreadyExistsError(absl::StrCat("socket ", path, " cannot be made: its folder stays locked"));
}

// Whether somebody receives at the path; true where that cannot be told.
bool IsLive(const std::string& path, int type) {
  const int probe = OpenSocket(AF_UNIX, type);
  if (probe < 0) return true;
  const sockaddr_un address = AddressOf(path);
  const int connected = connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  // A full backlog says EAGAIN, a live socket of another type EPROTOTYPE.
  const bool is_stale = connected != 0 && (errno == ECONNREFUSED || errno == ENOENT);
  close(probe);
  return !is_stale;
}

absl::Status RemoveStale(const std::string& path, int type) {
  struct stat there = {};
  if (lstat(path.c_str(), &there) != 0) return errno == ENOENT ? absl::OkStatus() : PathError(path, errno);
  if (!S_ISSOCK(there.st_mode)) {
    return absl::AlreadyExistsError(absl::StrCat("path ", path, " exists and is not a socket"));
  }
  if (there.st_uid != geteuid()) {
    return absl::PermissionDeniedError(absl::StrCat("socket ", path, " belongs to another user"));
  }
  if (IsLive(path, type)) {
    return absl::AlreadyExistsError(absl::StrCat("socket ", path, " is in use by a process that runs"));
  }
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return PathError(path, errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<SocketPath>> SocketPath::Bind(const std::string& path, int type, mode_t mode) {
  if (path.empty() || path.size() > kMaxPathBytes || path.find('\0') != std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat("socket path '", path, "' has ", path.size(),
                                                   " bytes, but must have 1 to ", kMaxPathBytes, " and no NUL"));
  }
  std::error_code unknown;
  const std::string absolute = std::filesystem::absolute(path, unknown).string();
  if (unknown) return PathError(path, unknown.value());

  const absl::StatusOr<int> lock = LockFolder(absolute);
  if (!lock.ok()) return lock.status();
  const absl::Cleanup unlock = [&] {
    if (*lock >= 0) close(*lock);
  };
  if (absl::Status status = RemoveStale(path, type); !status.ok()) return status;

  const int descriptor = OpenSocket(AF_UNIX, type);
  if (descriptor < 0) return PathError(path, errno);
  std::unique_ptr<SocketPath> bound(new SocketPath(absolute, descriptor));
  if (!TrackDescriptor(descriptor)) return PathError(path, EMFILE);
  // What bind() makes has the permissions of the socket itself, less the process's umask, which other threads share.
  // What the umask took is given back afterwards.
  const sockaddr_un address = AddressOf(path);
  struct stat made = {};
  if (fchmod(descriptor, mode) != 0 ||
      bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      lstat(path.c_str(), &made) != 0) {
    return PathError(path, errno);
  }
  bound->device_ = made.st_dev;
  bound->inode_ = made.st_ino;
  bound->is_there_ = true;
  if ((made.st_mode & 07777) != mode && chmod(path.c_str(), mode) != 0) return PathError(path, errno);
  if (type == SOCK_STREAM && listen(descriptor, kListenBacklog) != 0) return PathError(path, errno);
  return bound;
}

SocketPath::~SocketPath() {
  Remove();
  if (descriptor_ < 0) return;
  UntrackDescriptor(descriptor_);
  close(descriptor_);
}

void SocketPath::Remove() noexcept {
  if (!std::exchange(is_there_, false)) return;
  struct stat there = {};
  if (lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) unlink(path_.c_str());
}

}  // namespace toolvitals
