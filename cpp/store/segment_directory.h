// A directory that the processes of one service share: a file for each of them, and one for all that have ended.
// Floor: store.
//
//   9f86d081884c7d65.segment        a process's segment; its lock is held for as long as the process lives
//   9f86d081884c7d65.baseline       what of it was there when it was last reset, so counts no more
//   60303ae22b998861.making         one that nobody reads yet
//   retired                         what the processes recorded that have ended
//   removed                         what was removed of those, since `retired` was made
//
// A change of what counts is one rename() of a new `retired`, made by whoever holds the directory's lock. A segment is
// unlinked after the rename that took it in, and `retired` names it until then; so whatever instant anybody is killed
// at, a segment either counts by itself or in `retired`.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_identity.h"
#include "store/segment_place.h"

namespace toolvitals {

// One file of the directory, open for reading.
struct SegmentFile {
  FileRegion region;
  uint64_t inode = 0;
  uint64_t bytes = 0;
};

// Thread-safe; the methods are single system calls or few, and none waits for another process. A program may close the
// directory's descriptor; it is then opened again.
class SegmentDirectory final : public SegmentPlace {
 public:
  static constexpr std::string_view kSegmentSuffix = ".segment";
  static constexpr std::string_view kBaselineSuffix = ".baseline";
  static constexpr std::string_view kMakingSuffix = ".making";
  static constexpr const char* kRetired = "retired";
  static constexpr const char* kRemoved = "removed";

  // Called before each step that others could see; a test's scheduler stops and kills there.
  using StepHook = std::function<void(std::string_view step)>;

  // Makes the directory, for its owner alone, where it is missing; what is above it has to be there (NotFound). One
  // that others can write to, as mounts are, whosever it is, is not used itself: a folder of this user's in it is,
  // which is made likewise. PermissionDenied for one that is somebody else's, FailedPrecondition for what is none.
  static absl::StatusOr<std::shared_ptr<SegmentDirectory>> Open(const std::string& path, StepHook at_step = nullptr);
  // The same for who only looks: makes nothing, and what is missing is NotFound.
  static absl::StatusOr<std::shared_ptr<SegmentDirectory>> OpenToRead(const std::string& path);
  // Where the files of a directory are, by the same rule: the path, or that of this user's folder in it. Looks no
  // further than whether others can write to it.
  static std::string Locate(const std::string& path);
  ~SegmentDirectory() override;
  SegmentDirectory(const SegmentDirectory&) = delete;
  SegmentDirectory& operator=(const SegmentDirectory&) = delete;

  // Where the files are.
  const std::string& path() const { return path_; }
  // What Open() was asked for: the path, or the directory that holds it.
  const std::string& asked_path() const { return asked_path_; }

  absl::StatusOr<ClaimedRegion> Claim() override;
  absl::Status Publish(const std::string& name) override;

  struct Listing {
    std::vector<std::string> segments;  // names of files with kSegmentSuffix, sorted
    std::vector<std::string> others;    // whatever is no file of this directory's, sorted
  };
  // Unavailable where the directory cannot be read.
  absl::StatusOr<Listing> List() const;

  // A regular file of this user's, however it got its name. NotFound where there is none; FailedPrecondition, whose
  // message is one word, for anything else.
  absl::StatusOr<SegmentFile> OpenFile(const std::string& name) const;
  // Zero where there is none.
  uint64_t InodeOf(const std::string& name) const;
  // The same file's size now; nullopt where the name leads to another file, or to none.
  std::optional<uint64_t> BytesOf(const std::string& name, uint64_t inode) const;

  // Whether the file's process lives.
  static bool IsLive(const SegmentFile& file) { return IsByteLocked(file.region.descriptor(), kLockByte); }

  // The right to change what counts, for one process at a time; it ends with the object.
  class Change {
   public:
    ~Change();
    Change(Change&& other) noexcept : directory_(other.directory_), descriptor_(std::exchange(other.descriptor_, -1)) {}
    Change& operator=(Change&&) = delete;

    // A new file that is nobody's yet.
    absl::StatusOr<ClaimedRegion> Make();
    // Gives it the name that readers know, in the place of what had it.
    absl::Status Commit(const ClaimedRegion& made, const std::string& name);
    void Unlink(const std::string& name);
    // Writes at that offset of a file, which is made where it is missing, and ends there. Killed meanwhile, it leaves a
    // part of the bytes.
    absl::Status Write(const std::string& name, uint64_t offset, std::string_view bytes);
    // Unlinks what processes left that ended before they published it.
    void UnlinkUnfinished();

   private:
    friend class SegmentDirectory;
    Change(SegmentDirectory& directory, int descriptor) : directory_(directory), descriptor_(descriptor) {}

    SegmentDirectory& directory_;
    int descriptor_;
  };
  // nullopt where somebody else is at it.
  std::optional<Change> TryChange();

 private:
  static constexpr uint64_t kLockByte = 0;

  SegmentDirectory(std::string asked_path, std::string path, int descriptor, StepHook at_step);

  enum class Missing { kIsMade, kIsNotFound };
  static absl::StatusOr<std::shared_ptr<SegmentDirectory>> Find(const std::string& path, Missing missing,
                                                                StepHook at_step);

  // The directory's descriptor; negative where it was closed and the path leads to it no more. Async-signal-safe.
  int Descriptor() const;

  void Step(std::string_view step) const {
    if (at_step_) at_step_(step);
  }
  absl::Status Rename(const char* from, const char* to);

  const std::string asked_path_;
  const std::string path_;
  const std::string absolute_;  // for the working directory may change
  const FileIdentity identity_;
  mutable std::atomic<int> descriptor_;  // of the directory
  const StepHook at_step_;
};

}  // namespace toolvitals
