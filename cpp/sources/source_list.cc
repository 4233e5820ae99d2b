// Adding and removing sources while others read them. Floor: sources.
#include "sources/source_list.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/fork_hooks.h"
#include "sources/collector_records.h"

namespace toolvitals {

SourceList& SourceList::Global() {
  // Never destroyed: a server's thread may still answer while the program ends.
  static SourceList* const list = [] {
    static constexpr ForkHook kHook = {&LockForFork, &UnlockInParent, &BeginAfreshInChild};
    auto* made = new SourceList;
    // The hooks come back here only when a process forks, and by then there is a list.
    if (!SetForkHook(ForkPlace::kSourceList, &kHook).ok()) throw std::bad_alloc();
    return made;
  }();
  return *list;
}

void SourceList::LockForFork() ABSL_NO_THREAD_SAFETY_ANALYSIS { Global().mutex_.Lock(); }

void SourceList::UnlockInParent() ABSL_NO_THREAD_SAFETY_ANALYSIS { Global().mutex_.Unlock(); }

void SourceList::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  SourceList& list = Global();
  for (const std::shared_ptr<Entry>& entry : list.entries_) {
    MakeAnewInChild(entry->collecting);
    if (entry->source != nullptr) entry->source->BeginAfreshInChild();
  }
  MakeAnewInChild(list.mutex_);
}

SourceList::Id SourceList::Add(std::shared_ptr<FamilySource> source) {
  absl::MutexLock lock(&mutex_);
  entries_.push_back(std::make_shared<Entry>(++last_id_, std::move(source)));
  return last_id_;
}

void SourceList::Remove(Id id) {
  std::shared_ptr<Entry> removed;
  {
    absl::MutexLock lock(&mutex_);
    const auto found =
        std::find_if(entries_.begin(), entries_.end(), [&](const auto& entry) { return entry->id == id; });
    if (found == entries_.end()) return;
    removed = std::move(*found);
    entries_.erase(found);
  }
  std::shared_ptr<FamilySource> source;  // destroyed last, with no lock held: a source may do anything when it ends
  absl::MutexLock lock(&removed->collecting);
  source.swap(removed->source);
}

void SourceList::Collect(std::vector<FamilySnapshot>& families) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    absl::MutexLock lock(&mutex_);
    entries = entries_;
  }
  for (const std::shared_ptr<Entry>& entry : entries) {
    const size_t before = families.size();
    absl::MutexLock lock(&entry->collecting);
    if (entry->source == nullptr) continue;
    try {
      entry->source->Collect(families);
    } catch (...) {
      families.erase(families.begin() + static_cast<ptrdiff_t>(before), families.end());
      CollectorRecords::Global().TallyOf(CollectorRecords::kNativeName).CountFailure();
    }
  }
}

}  // namespace toolvitals
