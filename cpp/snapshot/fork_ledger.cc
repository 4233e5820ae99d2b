// Floor: snapshot.
#include "snapshot/fork_ledger.h"

#include <pthread.h>

#include <new>
#include <utility>

#include "snapshot/baseline.h"

namespace toolvitals {
namespace {

Member MemberOfRetired(const Retirement& retired, uint64_t id) {
  Member member;
  member.id = id;
  member.segment = &retired.segment();
  member.state = MemberState::kRetired;
  return member;
}

}  // namespace

ForkLedger& ForkLedger::Global() {
  static ForkLedger* const ledger = [] {
    pthread_atfork(nullptr, nullptr, &BeginAfreshInChild);
    return new ForkLedger;
  }();
  return *ledger;
}

void ForkLedger::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  ForkLedger& ledger = Global();
  // Not destroyed: the slots are the parent's to release, and a thread that is not here may have been changing them.
  static State* buried = nullptr;
  buried = ledger.state_.release();
  (void)buried;
  new (&ledger.mutex_) absl::Mutex;
  ledger.state_ = std::make_unique<State>();
}

Member ForkLedger::MemberOf(const Slot& slot, MemberState state) {
  Member member;
  member.id = slot.id;
  member.segment = slot.view.get();
  member.baseline = slot.baseline.get();
  member.state = state;
  member.names_process = true;
  return member;
}

void ForkLedger::Use(const std::shared_ptr<SegmentFamily>& family) {
  if (state_->family != family) {
    *state_ = State();
    state_->family = family;
  }
  FindSlots();
}

void ForkLedger::FindSlots() {
  SegmentFamily& family = *state_->family;
  for (uint64_t number = 0; number < family.slots_used(); ++number) {
    std::shared_ptr<Slot>& slot = state_->slots[number];
    if (slot != nullptr || !family.IsPublished(number)) continue;
    absl::StatusOr<std::unique_ptr<Segment>> view =
        Segment::OpenView(family.descriptor(), SegmentFamily::BeginOf(number));
    if (!view.ok()) continue;
    slot = std::make_shared<Slot>();
    slot->family = state_->family;
    slot->number = number;
    slot->id = ++state_->last_id;
    slot->view = *std::move(view);
  }
  std::erase_if(state_->slots, [](const auto& entry) { return entry.second == nullptr; });
}

void ForkLedger::TakeIn(const CollectorOptions& options) {
  std::vector<Member> members;
  std::vector<uint64_t> ended;
  if (state_->retired != nullptr) members.push_back(MemberOfRetired(*state_->retired, state_->retired_id));
  for (const auto& [number, slot] : state_->slots) {
    if (state_->family->IsLive(number)) continue;
    members.push_back(MemberOf(*slot, MemberState::kDead));
    ended.push_back(number);
  }
  if (ended.empty()) return;
  absl::StatusOr<std::unique_ptr<Retirement>> retirement = Retirement::Create(options);
  // Without memory for it they stay as they are, and count as they are.
  if (!retirement.ok() || !(*retirement)->Add(members)) return;
  state_->retired = *std::move(retirement);
  state_->retired_id = ++state_->last_id;
  for (const uint64_t number : ended) {
    state_->slots[number]->is_taken = true;
    state_->slots.erase(number);
  }
}

bool ForkLedger::Forget(const std::shared_ptr<SegmentFamily>& family, const CollectorOptions& options,
                        const SeriesFilter* only) {
  absl::MutexLock lock(&mutex_);
  Use(family);
  TakeIn(options);
  for (const auto& [number, slot] : state_->slots) {
    Baseline baseline(*slot->view, slot->baseline.get());
    if (only == nullptr) {
      baseline.TakeAll();
    } else if (!baseline.TakeSeries(*only)) {
      continue;
    }
    absl::StatusOr<std::unique_ptr<Segment>> made = baseline.Make();
    if (!made.ok()) return false;
    slot->baseline = *std::move(made);
  }
  if (state_->retired == nullptr) return true;
  const Member retired = MemberOfRetired(*state_->retired, state_->retired_id);
  absl::StatusOr<std::unique_ptr<Retirement>> retirement = Retirement::Create(options);
  if (!retirement.ok()) return false;
  if (only == nullptr) {
    (*retirement)->AddNothingOf({&retired, 1});
  } else if (!(*retirement)->Add({&retired, 1}, only)) {
    return false;
  }
  state_->retired = *std::move(retirement);
  state_->retired_id = ++state_->last_id;
  return true;
}

ForkLedger::Look ForkLedger::LookAt(const std::shared_ptr<SegmentFamily>& family, const CollectorOptions& options) {
  absl::MutexLock lock(&mutex_);
  Use(family);
  TakeIn(options);
  Look look;
  for (const auto& [number, slot] : state_->slots) {
    const bool is_live = family->IsLive(number);
    look.members.push_back(MemberOf(*slot, is_live ? MemberState::kLive : MemberState::kDead));
    ++(is_live ? look.live_processes : look.retired_processes);
    look.kept_.push_back(slot);
    look.kept_.push_back(slot->baseline);
  }
  if (state_->retired != nullptr) {
    look.members.push_back(MemberOfRetired(*state_->retired, state_->retired_id));
    look.retired_processes += state_->retired->segment().header().retired_processes.load(std::memory_order_relaxed);
    look.kept_.push_back(state_->retired);
  }
  return look;
}

}  // namespace toolvitals
