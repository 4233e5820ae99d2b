// Watching forked children's slots, and retiring those of children that have ended. Floor: fleet.
#include "fleet/fork_ledger.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/fork_hooks.h"
#include "fleet/baseline.h"
#include "snapshot/family_merger.h"

namespace toolvitals {
namespace {

// So many removals are noted until what they are of is written anew.
constexpr size_t kMaxRemovals = 1024;

}  // namespace

ForkLedger& ForkLedger::Global() {
  static ForkLedger* const ledger = [] {
    static constexpr ForkHook kHook = {.child = &BeginAfreshInChild};
    auto* made = new ForkLedger;
    if (!SetForkHook(ForkPlace::kForkLedger, &kHook).ok()) throw std::bad_alloc();
    return made;
  }();
  return *ledger;
}

void ForkLedger::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  ForkLedger& ledger = Global();
  // Not destroyed: the slots are the parent's to release, and a thread that is not here may have been changing them.
  static State* buried = nullptr;
  buried = ledger.state_.release();
  (void)buried;
  MakeAnewInChild(ledger.mutex_);
}

Member ForkLedger::MemberOf(const Slot& slot, MemberState state) {
  Member member;
  member.id = slot.id;
  member.segment = slot.view.get();
  member.baseline = slot.baseline.get();
  if (slot.removals.size() != 0) member.removals = &slot.removals;
  member.state = state;
  member.names_process = true;
  return member;
}

Member ForkLedger::MemberOfRetired() const {
  Member member;
  member.id = state_->retired_id;
  member.segment = &state_->retired->segment();
  member.removals = state_->retired_removals.get();
  member.state = MemberState::kRetired;
  return member;
}

void ForkLedger::Use(const std::shared_ptr<ForkGroup>& group) {
  if (state_ == nullptr || state_->group != group) {
    state_ = std::make_unique<State>();
    state_->group = group;
  }
  FindSlots();
}

void ForkLedger::FindSlots() {
  ForkGroup& group = *state_->group;
  for (uint64_t number = 0; number < group.slots_used(); ++number) {
    if (!group.IsPublished(number) || state_->slots.contains(number)) continue;
    absl::StatusOr<std::unique_ptr<Segment>> view = Segment::OpenView(group.descriptor(), ForkGroup::BeginOf(number));
    if (!view.ok()) continue;
    auto slot = std::make_shared<Slot>();
    slot->group = state_->group;
    slot->number = number;
    slot->id = NextMemberId();
    slot->view = *std::move(view);
    state_->slots.emplace(number, std::move(slot));
  }
}

void ForkLedger::Replace(std::shared_ptr<const Retirement> retired) {
  state_->retired = std::move(retired);
  state_->retired_removals = std::make_shared<Removals>();
  state_->retired_id = NextMemberId();
}

void ForkLedger::TakeIn(const Segment& founder, const CollectorOptions& options) {
  std::vector<Member> members, others(1);
  std::vector<uint64_t> ended;
  others.front().segment = &founder;
  if (state_->retired != nullptr) members.push_back(MemberOfRetired());
  for (const auto& [number, slot] : state_->slots) {
    if (state_->group->IsLive(number)) {
      others.push_back(MemberOf(*slot, MemberState::kLive));
    } else {
      members.push_back(MemberOf(*slot, MemberState::kDead));
      ended.push_back(number);
    }
  }
  if (ended.empty() && state_->retired_removals->size() <= kMaxRemovals) return;
  absl::StatusOr<std::unique_ptr<Retirement>> retirement = Retirement::Create(options);
  // Without memory for it they stay as they are, and count as they are.
  if (!retirement.ok() || !(*retirement)->Add(members, others)) return;
  Replace(*std::move(retirement));
  for (const uint64_t number : ended) {
    state_->slots[number]->is_taken = true;
    state_->slots.erase(number);
  }
}

bool ForkLedger::MakeBaseline(Slot& slot, const SeriesFilter* only) {
  Baseline baseline(*slot.view, slot.baseline.get());
  if (only == nullptr) {
    baseline.TakeAll();
  } else if (!baseline.TakeSeries(*only)) {
    return true;
  }
  absl::StatusOr<std::unique_ptr<Segment>> made = baseline.Make();
  if (!made.ok()) return false;
  slot.baseline = *std::move(made);
  return true;
}

bool ForkLedger::ForgetAll(const CollectorOptions& options) {
  for (const auto& [number, slot] : state_->slots) {
    if (!MakeBaseline(*slot, nullptr)) return false;
  }
  if (state_->retired == nullptr) return true;
  const Member retired = MemberOfRetired();
  absl::StatusOr<std::unique_ptr<Retirement>> retirement = Retirement::Create(options);
  if (!retirement.ok()) return false;
  (*retirement)->AddNothingOf({&retired, 1});
  Replace(*std::move(retirement));
  return true;
}

bool ForkLedger::Forget(const std::shared_ptr<ForkGroup>& group, const Segment& founder,
                        const CollectorOptions& options, const SeriesFilter* only) {
  absl::MutexLock lock(&mutex_);
  Use(group);
  if (only == nullptr) {
    TakeIn(founder, options);
    return ForgetAll(options);
  }
  std::vector<Slot*> live, ended;
  for (const auto& [number, slot] : state_->slots) {
    (state_->group->IsLive(number) ? live : ended).push_back(slot.get());
  }
  if (only->is_unregistered) {
    std::vector<Member> members;
    for (const Slot* slot : live) members.push_back(MemberOf(*slot, MemberState::kLive));
    if (IsShownByOthers(members, *only)) return true;
  }
  bool done = true;
  size_t removals = 0;
  for (Slot* slot : live) done = MakeBaseline(*slot, only) && done;
  for (Slot* slot : ended) {
    slot->removals.Add(*only);
    removals = std::max(removals, slot->removals.size());
  }
  if (state_->retired != nullptr) {
    state_->retired_removals->Add(*only);
    removals = std::max(removals, state_->retired_removals->size());
  }
  if (removals > kMaxRemovals) TakeIn(founder, options);
  return done;
}

ForkLedger::Look ForkLedger::LookAt(const std::shared_ptr<ForkGroup>& group, const Segment& founder,
                                    const CollectorOptions& options) {
  absl::MutexLock lock(&mutex_);
  Use(group);
  TakeIn(founder, options);
  Look look;
  for (const auto& [number, slot] : state_->slots) {
    const bool is_live = group->IsLive(number);
    look.members.push_back(MemberOf(*slot, is_live ? MemberState::kLive : MemberState::kDead));
    ++(is_live ? look.live_processes : look.retired_processes);
    look.kept_.push_back(slot);
    look.kept_.push_back(slot->baseline);
  }
  if (state_->retired != nullptr) {
    look.members.push_back(MemberOfRetired());
    look.retired_processes += state_->retired->segment().header().retired_processes.load(std::memory_order_relaxed);
    look.kept_.push_back(state_->retired);
    look.kept_.push_back(state_->retired_removals);
  }
  return look;
}

}  // namespace toolvitals
