// The sources of families beside the collector: bridges to other libraries, and what Python collected.
// Floor: sources.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/family_snapshot.h"

namespace toolvitals {

// Thread-safe. A source is collected by one thread at a time; one that throws shows nothing and is counted
// (CollectorRecords).
class SourceList {
 public:
  using Id = uint64_t;

  // The one of this process, which its servers show; made at the first call, and never gone.
  static SourceList& Global();

  SourceList() = default;
  SourceList(const SourceList&) = delete;
  SourceList& operator=(const SourceList&) = delete;

  Id Add(std::shared_ptr<FamilySource> source);
  // When it returns, the source is not being collected and will not be again. Not from within Collect().
  void Remove(Id id);

  // Appends the families of every source, in the order in which the sources were added.
  void Collect(std::vector<FamilySnapshot>& families);

 private:
  struct Entry {
    Entry(Id an_id, std::shared_ptr<FamilySource> a_source) : id(an_id), source(std::move(a_source)) {}

    const Id id;
    absl::Mutex collecting;
    std::shared_ptr<FamilySource> source ABSL_GUARDED_BY(collecting);  // nullptr when it was removed
  };

  // Around fork(), of the global list: the child has the sources, and none of the threads that collected them.
  static void LockForFork();
  static void UnlockInParent();
  static void BeginAfreshInChild();

  absl::Mutex mutex_;
  std::vector<std::shared_ptr<Entry>> entries_ ABSL_GUARDED_BY(mutex_);
  Id last_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolvitals
