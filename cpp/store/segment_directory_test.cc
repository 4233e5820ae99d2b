// The directory of segments: whose it may be, who lives, and what happens when somebody ends half-way.
// Floor: store.
#include "store/segment_directory.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/testing.h"
#include "store/directory.h"
#include "store/segment.h"

namespace toolvitals {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SegmentDirectoryTest : public ::testing::Test {
 protected:
  SegmentDirectoryTest() : directory_(*SegmentDirectory::Open(folder_.path() + "/run")) {}

  std::string PathOf(const std::string& name) const { return directory_->path() + "/" + name; }
  std::string SegmentPath(const ClaimedRegion& claimed) const { return PathOf(claimed.name + ".segment"); }

  // A segment of this process in the directory, with one entry.
  std::unique_ptr<Segment> Put(ClaimedRegion& claimed) {
    auto segment = *Segment::CreateAnonymous(1 << 20);
    EXPECT_TRUE(AppendToDirectory(*segment, SeriesKind::kTool, "search", 64));
    EXPECT_TRUE(segment->CopyTo(claimed.region, {}).ok());
    EXPECT_TRUE(segment->Adopt(std::move(claimed.region)).ok());
    EXPECT_TRUE(directory_->Publish(claimed.name).ok());
    return segment;
  }

  TemporaryFolder folder_;
  std::shared_ptr<SegmentDirectory> directory_;
};

TEST_F(SegmentDirectoryTest, IsMadeForItsOwnerAlone) {
  struct stat status = {};
  ASSERT_EQ(stat(directory_->path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ClaimedRegion claimed = *directory_->Claim();
  const auto segment = Put(claimed);
  ASSERT_EQ(stat(SegmentPath(claimed).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(SegmentDirectoryTest, UsesAFolderOfItsOwnInWhatOthersCanWriteTo) {
  const std::string mount = PathOf("mount");
  ASSERT_EQ(mkdir(mount.c_str(), 0700), 0);
  for (const mode_t mode : {0777, 01777, 02770}) {
    ASSERT_EQ(chmod(mount.c_str(), mode), 0);
    const std::string own = SegmentDirectory::Locate(mount);
    EXPECT_THAT(own, HasSubstr(mount + "/toolvitals-"));
    EXPECT_EQ(SegmentDirectory::Locate(mount + "/"), own);
    EXPECT_EQ(SegmentDirectory::Locate(own), own);
    const absl::Status unmade = SegmentDirectory::OpenToRead(mount).status();
    EXPECT_TRUE(absl::IsNotFound(unmade)) << unmade;
    const auto opened = SegmentDirectory::Open(mount);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ((*opened)->path(), own);
    EXPECT_EQ((*opened)->asked_path(), mount);
    EXPECT_EQ((*SegmentDirectory::OpenToRead(mount))->path(), own);
    EXPECT_EQ((*SegmentDirectory::OpenToRead(own))->path(), own);
    struct stat status = {};
    ASSERT_EQ(stat(own.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    ASSERT_EQ(rmdir(own.c_str()), 0);
  }
}

TEST_F(SegmentDirectoryTest, RefusesAFolderInItThatIsNotItsOwn) {
  const std::string mount = PathOf("mount");
  ASSERT_EQ(mkdir(mount.c_str(), 0700), 0);
  ASSERT_EQ(chmod(mount.c_str(), 0777), 0);
  const std::string own = SegmentDirectory::Locate(mount);
  ASSERT_EQ(symlink(directory_->path().c_str(), own.c_str()), 0);
  EXPECT_FALSE(SegmentDirectory::Open(mount).ok()) << "somebody else's link";
  ASSERT_EQ(unlink(own.c_str()), 0);
  ASSERT_EQ(mkdir(own.c_str(), 0700), 0);
  ASSERT_EQ(chmod(own.c_str(), 0770), 0);
  const auto opened = SegmentDirectory::Open(mount);
  EXPECT_TRUE(absl::IsPermissionDenied(opened.status())) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(own));
}

// The program closes whatever it finds, and its own files get the numbers.
TEST_F(SegmentDirectoryTest, OutlivesTheClosingOfItsDescriptors) {
  ClaimedRegion claimed = *directory_->Claim();
  const auto segment = Put(claimed);
  const std::string name = claimed.name;
  const std::string strangers = PathOf("strangers");
  ASSERT_EQ(mkdir(strangers.c_str(), 0700), 0);
  for (int descriptor = 3; descriptor < 64; ++descriptor) close(descriptor);
  std::vector<int> theirs;
  for (int i = 0; i < 20; ++i) {
    theirs.push_back(open(strangers.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    theirs.push_back(open((strangers + "/file" + std::to_string(i)).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  }
  EXPECT_THAT(directory_->List()->segments, ElementsAre(name));
  const auto file = directory_->OpenFile(name + ".segment");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(SegmentDirectory::IsLive(*file)) << "the mapping keeps the lock";
  EXPECT_NE(segment->Allocate(512 << 10), 0u) << "its file grows";
  // Twenty files, all of them empty, and nothing else.
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(strangers), {}), 20);
  for (const auto& entry : std::filesystem::directory_iterator(strangers)) EXPECT_EQ(entry.file_size(), 0u);
  for (const int descriptor : theirs) EXPECT_EQ(close(descriptor), 0);
}

TEST_F(SegmentDirectoryTest, RefusesWhatIsNoDirectory) {
  std::ofstream(PathOf("file")) << "text";
  EXPECT_TRUE(absl::IsFailedPrecondition(SegmentDirectory::Open(PathOf("file")).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(SegmentDirectory::Open(PathOf("file/below")).status()));
  const absl::Status missing = SegmentDirectory::Open(PathOf("missing/below")).status();
  EXPECT_TRUE(absl::IsNotFound(missing)) << missing;
  EXPECT_NE(missing.message().find("missing', which it is to be in"), std::string::npos) << missing;
}

TEST_F(SegmentDirectoryTest, WhatIsClaimedIsNotListedUntilItIsPublished) {
  ClaimedRegion claimed = *directory_->Claim();
  EXPECT_THAT(directory_->List()->segments, IsEmpty());
  EXPECT_THAT(directory_->List()->others, IsEmpty());
  const auto segment = Put(claimed);
  EXPECT_THAT(directory_->List()->segments, ElementsAre(claimed.name));
}

TEST_F(SegmentDirectoryTest, ItsLockSaysWhetherTheProcessLives) {
  ClaimedRegion claimed = *directory_->Claim();
  auto segment = Put(claimed);
  const std::string name = claimed.name + ".segment";
  EXPECT_TRUE(SegmentDirectory::IsLive(*directory_->OpenFile(name)));
  segment.reset();
  EXPECT_FALSE(SegmentDirectory::IsLive(*directory_->OpenFile(name)));
}

// Whatever a process does with other descriptors of the file, its sign of life stays; with fcntl's older locks it would
// not.
TEST_F(SegmentDirectoryTest, ReadingTheOwnFileDoesNotEndItsLock) {
  ClaimedRegion claimed = *directory_->Claim();
  const auto segment = Put(claimed);
  const std::string name = claimed.name + ".segment";
  close(open(SegmentPath(claimed).c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_TRUE(SegmentDirectory::IsLive(*directory_->OpenFile(name)));
}

TEST_F(SegmentDirectoryTest, AKilledProcessIsSeenToHaveEnded) {
  ClaimedRegion claimed = *directory_->Claim();
  const pid_t child = fork();
  if (child == 0) {
    const auto segment = Put(claimed);
    raise(SIGKILL);
    _exit(1);
  }
  claimed.region.Close();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed.name + ".segment");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(SegmentDirectory::IsLive(*file));
  const auto view = Segment::OpenView(file->region.descriptor(), 0);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(CountSeries(**view), 1u);
}

TEST_F(SegmentDirectoryTest, OneChangesAtATime) {
  auto change = directory_->TryChange();
  ASSERT_TRUE(change.has_value());
  EXPECT_FALSE(directory_->TryChange().has_value());
  change.reset();
  EXPECT_TRUE(directory_->TryChange().has_value());
}

TEST_F(SegmentDirectoryTest, UnfinishedFilesOfTheDeadGoAndThoseOfTheLivingStay) {
  ClaimedRegion living = *directory_->Claim();
  ClaimedRegion dead = *directory_->Claim();
  dead.region.Close();
  directory_->TryChange()->UnlinkUnfinished();
  EXPECT_NE(directory_->InodeOf(living.name + ".making"), 0u);
  EXPECT_EQ(directory_->InodeOf(dead.name + ".making"), 0u);
}

// Whoever tidies up can come between the making of a file and its locking.
TEST_F(SegmentDirectoryTest, AFileThatIsTidiedUpWhileItIsMadeIsMadeAgain) {
  int locks = 0;
  std::shared_ptr<SegmentDirectory> disturbed;
  disturbed = *SegmentDirectory::Open(directory_->path(), [&](std::string_view step) {
    if (step == "lock" && ++locks == 1) directory_->TryChange()->UnlinkUnfinished();
  });
  ClaimedRegion claimed = *disturbed->Claim();
  EXPECT_EQ(locks, 2);
  const auto segment = Put(claimed);
  EXPECT_THAT(directory_->List()->segments, ElementsAre(claimed.name));
}

TEST_F(SegmentDirectoryTest, TellsWhatIsNoFileOfIts) {
  std::ofstream(PathOf("README")) << "text";
  ASSERT_EQ(symlink("/etc/passwd", PathOf("evil.segment").c_str()), 0);
  ASSERT_EQ(mkdir(PathOf("folder.segment").c_str(), 0700), 0);
  ASSERT_EQ(mkfifo(PathOf("pipe.segment").c_str(), 0600), 0);
  EXPECT_THAT(directory_->List()->others, ElementsAre("README"));
  EXPECT_EQ(directory_->OpenFile("evil.segment").status().message(), "symlink");
  EXPECT_EQ(directory_->OpenFile("folder.segment").status().message(), "irregular");
  EXPECT_EQ(directory_->OpenFile("pipe.segment").status().message(), "irregular");
  EXPECT_TRUE(absl::IsNotFound(directory_->OpenFile("nothing.segment").status()));
}

// A view of what was written to a file.
class SegmentViewTest : public SegmentDirectoryTest {
 protected:
  SegmentViewTest() : claimed_(*directory_->Claim()), segment_(Put(claimed_)) {}

  absl::Status Open() {
    const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed_.name + ".segment");
    return file.ok() ? Segment::OpenView(file->region.descriptor(), 0).status() : file.status();
  }
  std::string Reason() { return std::string(Open().message()); }

  ClaimedRegion claimed_;
  std::unique_ptr<Segment> segment_;
};

TEST_F(SegmentViewTest, IsRefusedForWhatIsWrongWithIt) {
  EXPECT_TRUE(Open().ok());
  SegmentHeader& header = segment_->header();
  header.layout_version.store(kLayoutVersion + 1);
  EXPECT_EQ(Reason(), "version");
  header.layout_version.store(kLayoutVersion);
  header.used_bytes.store(uint64_t{1} << 40);
  EXPECT_EQ(Reason(), "header");
  header.used_bytes.store(uint64_t{512} << 20);
  EXPECT_EQ(Reason(), "truncated");
  header.magic.store(0);
  EXPECT_EQ(Reason(), "magic");
}

TEST_F(SegmentViewTest, AFileThatIsTooShortIsRefused) {
  segment_.reset();
  ASSERT_EQ(truncate(SegmentPath(claimed_).c_str(), 4100), 0);
  EXPECT_EQ(Reason(), "truncated");
  ASSERT_EQ(truncate(SegmentPath(claimed_).c_str(), 100), 0);
  EXPECT_EQ(Reason(), "truncated");
  ASSERT_EQ(truncate(SegmentPath(claimed_).c_str(), 0), 0);
  EXPECT_EQ(Reason(), "empty");
}

TEST_F(SegmentViewTest, AFileThatShrinksIsNotLookedAt) {
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed_.name + ".segment");
  const auto view = *Segment::OpenView(file->region.descriptor(), 0);
  segment_.reset();
  ASSERT_EQ(truncate(SegmentPath(claimed_).c_str(), 100), 0);
  EXPECT_STREQ(view->SetLimit(*directory_->BytesOf(claimed_.name + ".segment", file->inode)), "truncated");
}

TEST_F(SegmentViewTest, SeesWhatItsFileGrowsBy) {
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed_.name + ".segment");
  const auto view = *Segment::OpenView(file->region.descriptor(), 0);
  const Offset far = segment_->Allocate(700'000);
  ASSERT_NE(far, 0u);
  segment_->At<Word>(far)->store(7);
  EXPECT_FALSE(view->Holds(far, 700'000));
  ASSERT_EQ(view->SetLimit(*directory_->BytesOf(claimed_.name + ".segment", file->inode)), nullptr);
  ASSERT_TRUE(view->Holds(far, 700'000));
  EXPECT_EQ(view->At<Word>(far)->load(), 7u);
}

TEST_F(SegmentViewTest, ListsThatLeadInACircleEnd) {
  const Offset chunk = segment_->header().directory.load();
  segment_->At<DirectoryChunk>(chunk)->next.store(chunk);
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed_.name + ".segment");
  const auto view = *Segment::OpenView(file->region.descriptor(), 0);
  uint64_t entries = 0;
  ForEachSeries(*view, [&](const DirectoryView&) { ++entries; });
  EXPECT_LE(entries, view->used_bytes() / sizeof(DirectoryEntry));
}

TEST_F(SegmentViewTest, OffsetsBeyondTheFileLeadNowhere) {
  DirectoryChunk& chunk = *segment_->At<DirectoryChunk>(segment_->header().directory.load());
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(claimed_.name + ".segment");
  const auto view = *Segment::OpenView(file->region.descriptor(), 0);
  for (const uint64_t hostile : {uint64_t{1}, uint64_t{8} << 30, UINT64_MAX, UINT64_MAX - 63, uint64_t{64}}) {
    chunk.entries[0].name.store(hostile);
    ForEachSeries(*view, [&](const DirectoryView& entry) { EXPECT_EQ(entry.name, ""); });
  }
  chunk.count.store(UINT64_MAX);
  EXPECT_EQ(CountSeries(*view), DirectoryChunk::kEntries);
}

TEST(SharedSegmentTest, RecordsOfBeforeMoveWithIt) {
  const TemporaryFolder folder;
  const auto directory = *SegmentDirectory::Open(folder.path() + "/run");
  const auto segment = *Segment::CreateAnonymous(8 << 20);
  const Offset offset = segment->Allocate(100'000);
  Word* const word = segment->At<Word>(offset);
  word->store(41);
  ClaimedRegion claimed = *directory->Claim();
  ASSERT_TRUE(segment->CopyTo(claimed.region, {}).ok());
  ASSERT_TRUE(segment->Adopt(std::move(claimed.region)).ok());
  // The same address, and the count goes on.
  EXPECT_EQ(word->fetch_add(1), 41u);
  ASSERT_TRUE(directory->Publish(claimed.name).ok());
  const absl::StatusOr<SegmentFile> file = directory->OpenFile(claimed.name + ".segment");
  const auto view = *Segment::OpenView(file->region.descriptor(), 0);
  EXPECT_EQ(view->At<Word>(offset)->load(), 42u);
  EXPECT_TRUE(segment->is_shared());
  EXPECT_TRUE(view->is_view());
}

TEST(SharedSegmentTest, GrowsUpToItsBudget) {
  const TemporaryFolder folder;
  const auto directory = *SegmentDirectory::Open(folder.path() + "/run");
  const auto segment = *Segment::CreateAnonymous(8 << 20);
  ClaimedRegion claimed = *directory->Claim();
  ASSERT_TRUE(segment->CopyTo(claimed.region, {}).ok());
  ASSERT_TRUE(segment->Adopt(std::move(claimed.region)).ok());
  uint64_t allocated = 0;
  while (const Offset offset = segment->Allocate(4096)) {
    segment->At<Word>(offset)->store(offset);
    allocated += 4096;
  }
  EXPECT_EQ(allocated, (8u << 20) - kHeaderBytes);
  EXPECT_GE(segment->header().capacity_bytes.load(), 8u << 20);
}

TEST(SharedSegmentTest, BlanksAreZerosInTheCopy) {
  const TemporaryFolder folder;
  const auto directory = *SegmentDirectory::Open(folder.path() + "/run");
  const auto segment = *Segment::CreateAnonymous(1 << 20);
  const Offset first = segment->Allocate(64), samples = segment->Allocate(64), last = segment->Allocate(64);
  for (const Offset offset : {first, samples, last}) segment->At<Word>(offset)->store(5);
  const Segment::Blank blanks[] = {{samples, 64}};
  ClaimedRegion claimed = *directory->Claim();
  ASSERT_TRUE(segment->CopyTo(claimed.region, blanks).ok());
  const auto view = *Segment::OpenView(claimed.region.descriptor(), 0);
  EXPECT_EQ(view->At<Word>(first)->load(), 5u);
  EXPECT_EQ(view->At<Word>(samples)->load(), 0u);
  EXPECT_EQ(view->At<Word>(last)->load(), 5u);
  const std::vector<char> image = segment->Copy(blanks);
  EXPECT_EQ(reinterpret_cast<const Word*>(image.data() + samples)->load(), 0u);
  EXPECT_EQ(reinterpret_cast<const Word*>(image.data() + last)->load(), 5u);
}

}  // namespace
}  // namespace toolvitals
