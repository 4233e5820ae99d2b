// Scanning the directory, opening segments, and retiring those of processes that have ended. Floor: fleet.
#include "fleet/directory_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fleet/baseline.h"
#include "snapshot/family_merger.h"

namespace toolvitals {
namespace {

// How often a reader may be overtaken by those who take in, before it shows what it has.
constexpr int kAttempts = 64;
// Segments that are taken in at one time.
constexpr size_t kMaxBatch = 256;
// How long somebody who resets or removes waits for those who take in: five seconds.
constexpr int kForgetAttempts = 25'000;
constexpr absl::Duration kForgetPause = absl::Microseconds(200);

// As SegmentDirectory::OpenFile() says it.
constexpr const char* kNoDescriptors = "descriptors";

absl::Status OutOfDescriptors() { return absl::UnavailableError("there are no file descriptors left"); }

std::string FileOf(const std::string& name, std::string_view suffix) { return std::string(name).append(suffix); }

bool Contains(const std::vector<std::string>& sorted, const std::string& name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

}  // namespace

DirectoryFleet::DirectoryFleet(std::shared_ptr<SegmentDirectory> directory, Options options)
    : directory_(std::move(directory)), options_(std::move(options)) {}

const FleetView& DirectoryFleet::Look() {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (!FindAll()) continue;
    const bool any_ended = std::any_of(processes_.begin(), processes_.end(), [](const auto& entry) {
      return !entry.second.is_live && entry.second.refused.empty();
    });
    // What was taken in is found in the next round.
    if (!any_ended || TakeIn() == 0) break;
  }
  Describe();
  return view_;
}

bool DirectoryFleet::FindAll() {
  const uint64_t inode = directory_->InodeOf(SegmentDirectory::kRetired);
  if (inode != retired_.inode || (inode == 0 && !retired_refused_.empty())) OpenRetired(inode);
  if (retired_.view != nullptr) {
    const auto bytes = directory_->BytesOf(SegmentDirectory::kRetired, retired_.inode);
    const char* complaint = bytes.has_value() ? retired_.view->SetLimit(*bytes) : nullptr;
    if (complaint != nullptr) {
      retired_.view = nullptr;
      retired_refused_ = complaint;
    }
  }
  absl::StatusOr<SegmentDirectory::Listing> listing = directory_->List();
  looked_ = listing.status();
  // Where the directory cannot be read, what was found before is all that there is to be shown.
  if (!listing.ok()) return true;
  std::erase_if(processes_, [&](const auto& entry) {
    return Contains(taken_, entry.first) || !Contains(listing->segments, entry.first);
  });
  for (const std::string& name : listing->segments) {
    if (name == options_.own_name || Contains(taken_, name)) continue;
    Update(name, processes_[name]);
  }
  if (options_.own != nullptr && !UpdateBaseline(options_.own_name, own_baseline_)) looked_ = OutOfDescriptors();
  if (!UpdateRemovals()) looked_ = OutOfDescriptors();
  others_ = std::move(listing->others);
  return directory_->InodeOf(SegmentDirectory::kRetired) == inode;
}

void DirectoryFleet::OpenRetired(uint64_t inode) {
  retired_ = Opened();
  retired_.inode = inode;
  retired_removals_ = std::make_unique<Removals>();
  last_removal_ = 0;
  retired_refused_.clear();
  taken_.clear();
  if (inode == 0) return;
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(SegmentDirectory::kRetired);
  if (!file.ok()) {
    retired_refused_ = std::string(file.status().message());
    return;
  }
  absl::StatusOr<std::unique_ptr<Segment>> view = Segment::OpenView(file->region.descriptor(), 0);
  if (!view.ok()) {
    retired_refused_ = std::string(view.status().message());
    return;
  }
  if (const char* complaint = Complaint(**view)) {
    retired_refused_ = complaint;
    return;
  }
  // It may have been replaced since its number was asked for.
  retired_ = {NextMemberId(), file->inode, *std::move(view)};
  taken_ = TakenSegments(*retired_.view);
  last_removal_ = retired_.view->header().removals.load(std::memory_order_relaxed);
}

bool DirectoryFleet::UpdateRemovals() {
  const bool is_read = journal_.Read(*directory_);
  const auto add = [&](uint64_t& last, Removals& removals, auto is_meant) {
    for (const RemovalJournal::Entry& entry : journal_.entries()) {
      if (entry.number > last && is_meant(entry)) removals.Add(entry.filter);
    }
    last = std::max(last, journal_.last());
  };
  if (journal_.entries().empty()) return is_read;
  if (retired_.view != nullptr) add(last_removal_, *retired_removals_, [](const auto&) { return true; });
  for (auto& [name, process] : processes_) {
    add(process.last_removal, *process.removals,
        [&name = name](const RemovalJournal::Entry& entry) { return Contains(entry.segments, name); });
  }
  return is_read;
}

const char* DirectoryFleet::Complaint(const Segment& segment) const {
  if (options_.own == nullptr) return nullptr;
  const SegmentHeader& theirs = segment.header();
  const SegmentHeader& own = options_.own->header();
  const auto same = [](const Word& a, const Word& b) {
    return a.load(std::memory_order_relaxed) == b.load(std::memory_order_relaxed);
  };
  if (!same(theirs.service, own.service)) return "service";
  bool bounds = same(theirs.histogram_bounds, own.histogram_bounds);
  for (size_t i = 0; i < kMaxDurationBounds; ++i) bounds = bounds && same(theirs.bounds[i], own.bounds[i]);
  return bounds ? nullptr : "bounds";
}

void DirectoryFleet::Update(const std::string& name, Process& process) {
  if (process.segment.view != nullptr) {
    const auto bytes = directory_->BytesOf(FileOf(name, SegmentDirectory::kSegmentSuffix), process.segment.inode);
    if (!bytes.has_value()) {
      process = Process();
    } else if (const char* complaint = process.segment.view->SetLimit(*bytes)) {
      process.segment.view = nullptr;
      process.refused = complaint;
    }
  }
  if (process.segment.view == nullptr || process.is_live) {
    absl::StatusOr<SegmentFile> file = directory_->OpenFile(FileOf(name, SegmentDirectory::kSegmentSuffix));
    const bool is_mapped = process.segment.view != nullptr;
    // What is mapped can be read on, and whether its process lives is found out when there are descriptors again.
    if (!file.ok() && !(is_mapped && absl::IsResourceExhausted(file.status()))) {
      process.refused = absl::IsNotFound(file.status()) ? "gone" : std::string(file.status().message());
      return;
    }
    if (!is_mapped) {
      process = Process();
      absl::StatusOr<std::unique_ptr<Segment>> view = Segment::OpenView(file->region.descriptor(), 0);
      if (!view.ok()) {
        process.refused = std::string(view.status().message());
        return;
      }
      if (const char* complaint = Complaint(**view)) {
        process.refused = complaint;
        return;
      }
      process.segment = {NextMemberId(), file->inode, *std::move(view)};
    }
    // Once it has ended it stays so, and nobody writes to it any more.
    if (file.ok()) process.is_live = SegmentDirectory::IsLive(*file);
  }
  // Without its baseline, all that was reset would be back.
  process.refused = UpdateBaseline(name, process.baseline) ? "" : kNoDescriptors;
}

bool DirectoryFleet::UpdateBaseline(const std::string& name, Opened& baseline) {
  const std::string file_name = FileOf(name, SegmentDirectory::kBaselineSuffix);
  const uint64_t inode = directory_->InodeOf(file_name);
  if (inode == baseline.inode) return true;
  baseline = Opened();
  if (inode == 0) return true;
  const absl::StatusOr<SegmentFile> file = directory_->OpenFile(file_name);
  if (!file.ok()) return !absl::IsResourceExhausted(file.status());
  absl::StatusOr<std::unique_ptr<Segment>> view = Segment::OpenView(file->region.descriptor(), 0);
  if (view.ok()) baseline = {NextMemberId(), file->inode, *std::move(view)};
  return true;
}

Member DirectoryFleet::MemberOf(const Process& process, MemberState state) const {
  Member member;
  member.id = process.segment.id;
  member.segment = process.segment.view.get();
  member.baseline = process.baseline.view.get();
  if (process.removals->size() != 0) member.removals = process.removals.get();
  member.state = state;
  member.names_process = true;
  return member;
}

Member DirectoryFleet::MemberOfRetired() const {
  Member retired;
  retired.id = retired_.id;
  retired.segment = retired_.view.get();
  retired.removals = retired_removals_.get();
  retired.state = MemberState::kRetired;
  return retired;
}

Member DirectoryFleet::OwnMember() const {
  Member own;
  own.id = kOwnMemberId;
  own.segment = options_.own;
  own.baseline = own_baseline_.view.get();
  own.names_process = true;
  return own;
}

std::vector<Member> DirectoryFleet::LiveMembers() const {
  std::vector<Member> members;
  for (const auto& [name, process] : processes_) {
    if (process.is_live && process.refused.empty()) members.push_back(MemberOf(process, MemberState::kLive));
  }
  return members;
}

std::vector<Member> DirectoryFleet::MembersBeside(const Ended& ended) const {
  std::vector<Member> members = LiveMembers();
  if (options_.own != nullptr) members.push_back(OwnMember());
  for (const auto& [name, process] : processes_) {
    if (process.is_live || !process.refused.empty() || Contains(ended.names, name)) continue;
    members.push_back(MemberOf(process, MemberState::kDead));
  }
  return members;
}

void DirectoryFleet::Describe() {
  view_ = FleetView();
  view_.live_processes = 0;
  if (options_.own != nullptr) {
    view_.members.push_back(OwnMember());
    view_.names.push_back(FileOf(options_.own_name, SegmentDirectory::kSegmentSuffix));
    ++view_.live_processes;
  }
  std::vector<Member> ended;
  std::vector<std::string> ended_names;
  for (const auto& [name, process] : processes_) {
    if (!process.refused.empty()) {
      if (process.refused != "gone") view_.refused.push_back({name, process.refused});
    } else if (process.is_live) {
      view_.members.push_back(MemberOf(process, MemberState::kLive));
      view_.names.push_back(FileOf(name, SegmentDirectory::kSegmentSuffix));
      ++view_.live_processes;
    } else {
      ended.push_back(MemberOf(process, MemberState::kDead));
      ended_names.push_back(FileOf(name, SegmentDirectory::kSegmentSuffix));
    }
  }
  view_.members.insert(view_.members.end(), ended.begin(), ended.end());
  view_.names.insert(view_.names.end(), ended_names.begin(), ended_names.end());
  view_.retired_processes = ended.size();
  if (retired_.view != nullptr) {
    view_.members.push_back(MemberOfRetired());
    view_.names.emplace_back(SegmentDirectory::kRetired);
    view_.retired_processes += retired_.view->header().retired_processes.load(std::memory_order_relaxed);
  }
  if (!retired_refused_.empty()) view_.refused.push_back({SegmentDirectory::kRetired, retired_refused_});
  if (!looked_.ok()) view_.refused.push_back({directory_->path(), kNoDescriptors});
  for (const std::string& name : others_) view_.refused.push_back({name, "junk"});
}

size_t DirectoryFleet::TakeIn() {
  if (!options_.retirement.has_value()) return 0;
  std::optional<SegmentDirectory::Change> change = directory_->TryChange();
  if (!change.has_value()) return 0;
  change->UnlinkUnfinished();
  const std::optional<Ended> ended = FindEnded(kMaxBatch);
  if (!ended.has_value()) return 0;
  Unlink(*change, ended->leftovers);
  if (ended->names.empty() || !TakeIn(*change, *ended)) return 0;
  return ended->names.size();
}

bool DirectoryFleet::TakeIn(SegmentDirectory::Change& change, const Ended& ended) {
  const std::vector<Member> members = MembersOf(ended);
  const std::vector<Member> others = MembersBeside(ended);
  const auto fill = [&](Retirement& retirement) { return retirement.Add(members, others); };
  if (!Commit(change, ended, fill)) return false;
  Unlink(change, ended.names);
  // Of those that are left, entries may name some.
  const bool any_left = std::any_of(others.begin(), others.end(),
                                    [](const Member& member) { return member.state == MemberState::kDead; });
  if (!any_left) journal_.Unlink(change);
  return true;
}

// Nobody but who asks changes what counts; so what is found now stays, but for what ends. nullopt where nothing can be
// taken in.
std::optional<DirectoryFleet::Ended> DirectoryFleet::FindEnded(size_t max) {
  FindAll();
  // A file of another version is that version's; what it has must not be lost, and nothing can be added to it. Nor is
  // anything to come back because it was not seen that it was removed.
  if (!retired_refused_.empty() || !looked_.ok()) return std::nullopt;
  const absl::StatusOr<SegmentDirectory::Listing> listing = directory_->List();
  if (!listing.ok()) return std::nullopt;
  Ended ended;
  for (const std::string& name : listing->segments) {
    if (Contains(taken_, name)) ended.leftovers.push_back(name);
  }
  for (const auto& [name, process] : processes_) {
    if (!process.is_live && process.refused.empty() && ended.names.size() < max) ended.names.push_back(name);
  }
  return ended;
}

void DirectoryFleet::Unlink(SegmentDirectory::Change& change, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    change.Unlink(FileOf(name, SegmentDirectory::kBaselineSuffix));
    change.Unlink(FileOf(name, SegmentDirectory::kSegmentSuffix));
  }
}

std::vector<Member> DirectoryFleet::MembersOf(const Ended& ended) const {
  std::vector<Member> members;
  if (retired_.view != nullptr) members.push_back(MemberOfRetired());
  for (const std::string& name : ended.names) members.push_back(MemberOf(processes_.at(name), MemberState::kDead));
  return members;
}

bool DirectoryFleet::Commit(SegmentDirectory::Change& change, const Ended& ended,
                            const std::function<bool(Retirement&)>& fill) {
  absl::StatusOr<std::unique_ptr<Retirement>> retirement = Retirement::Create(*options_.retirement);
  if (!retirement.ok() || !fill(**retirement)) return false;
  for (const std::vector<std::string>& names : {ended.names, ended.leftovers}) {
    for (const std::string& name : names) {
      if (!(*retirement)->NoteTaken(name)) return false;
    }
  }
  (*retirement)->NoteRemovals(std::max(last_removal_, journal_.last()));
  const absl::StatusOr<ClaimedRegion> made = change.Make();
  return made.ok() && (*retirement)->segment().CopyTo(made->region, {}).ok() &&
         change.Commit(*made, SegmentDirectory::kRetired).ok();
}

bool DirectoryFleet::MakeBaseline(SegmentDirectory::Change& change, const std::string& name, const Process& process,
                                  const SeriesFilter* only) {
  const Segment& segment = *process.segment.view;
  const Segment* before = process.baseline.view.get();
  // One of before the process zeroed its segment has nothing left to say.
  if (before != nullptr && Member::Resets(*before) != Member::Resets(segment)) before = nullptr;
  Baseline baseline(segment, before);
  if (only == nullptr) {
    baseline.TakeAll();
  } else if (!baseline.TakeSeries(*only)) {
    return true;
  }
  const absl::StatusOr<std::unique_ptr<Segment>> image = baseline.Make();
  const absl::StatusOr<ClaimedRegion> made = change.Make();
  return image.ok() && made.ok() && (*image)->CopyTo(made->region, {}).ok() &&
         change.Commit(*made, FileOf(name, SegmentDirectory::kBaselineSuffix)).ok();
}

bool DirectoryFleet::Forget(const SeriesFilter* only) {
  if (!options_.retirement.has_value()) return false;
  std::optional<SegmentDirectory::Change> change;
  // Whoever else is at it takes milliseconds, unless somebody has stopped it.
  for (int attempt = 0; attempt < kForgetAttempts; ++attempt) {
    if (auto tried = directory_->TryChange()) {
      change.emplace(*std::move(tried));
      break;
    }
    absl::SleepFor(kForgetPause);
  }
  if (!change.has_value()) return false;
  const std::optional<Ended> ended = FindEnded(SIZE_MAX);
  if (!ended.has_value()) return false;
  Unlink(*change, ended->leftovers);
  return only == nullptr ? ForgetAll(*change, *ended) : ForgetSeries(*change, *ended, *only);
}

bool DirectoryFleet::ForgetAll(SegmentDirectory::Change& change, const Ended& ended) {
  bool done = true;
  for (const auto& [name, process] : processes_) {
    if (process.is_live && process.refused.empty()) done = MakeBaseline(change, name, process, nullptr) && done;
  }
  const std::vector<Member> members = MembersOf(ended);
  if (members.empty()) return done;
  const bool committed = Commit(change, ended, [&](Retirement& retirement) {
    retirement.AddNothingOf(members);
    return true;
  });
  if (!committed) return false;
  Unlink(change, ended.names);
  journal_.Unlink(change);
  return done;
}

bool DirectoryFleet::ForgetSeries(SegmentDirectory::Change& change, const Ended& ended, const SeriesFilter& only) {
  if (only.is_unregistered && IsShownByOthers(LiveMembers(), only)) return true;
  bool done = true;
  for (const auto& [name, process] : processes_) {
    if (process.is_live && process.refused.empty()) done = MakeBaseline(change, name, process, &only) && done;
  }
  if (retired_.view == nullptr && ended.names.empty()) return done;
  // Where there is no memory for another `retired`, the journal has room for some more.
  if (!journal_.Append(change, last_removal_, ended.names, only).ok()) return false;
  if (journal_.is_long()) {
    UpdateRemovals();
    TakeIn(change, ended);
  }
  return done;
}

}  // namespace toolvitals
