// The thread of a native event loop, and what becomes of its owner in a forked child, which has no such thread.
// Floor: net.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>

namespace toolvitals {

// Starts a thread named "toolvitals" in which every signal is blocked: signals are the application's.
std::thread StartLoopThread(std::function<void()> run);

// Connections that one loop may hold: half of the process's descriptors, since the other half is the application's,
// within kMinConnections and kMaxConnections.
size_t DefaultMaxConnections();

// The base of what owns such a thread. In a forked child the thread does not exist, locks may be held by nobody, and
// the descriptors' numbers may be somebody else's by now: the owner can be neither stopped nor destroyed there.
class LoopOwner {
 public:
  LoopOwner();
  virtual ~LoopOwner() = default;
  LoopOwner(const LoopOwner&) = delete;
  LoopOwner& operator=(const LoopOwner&) = delete;

  // Whether it was made in a parent of this process.
  bool IsOfParent() const;

  // Keeps one that is a parent's where leak checkers find it.
  static void Bury(std::unique_ptr<LoopOwner> owner);

 private:
  const uint64_t generation_;
  const pid_t pid_;
  LoopOwner* buried_below_ = nullptr;
};

}  // namespace toolvitals
