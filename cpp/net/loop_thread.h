// The thread of a native event loop, and what becomes of its owner in a forked child, which has no such thread.
// Floor: net.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "net/io_loop.h"

namespace toolvitals {

// Starts a thread named "toolvitals" in which every signal is blocked: signals are the application's.
std::thread StartLoopThread(std::function<void()> run);

// Connections that one loop may hold: half of the process's descriptors, since the other half is the application's,
// within kMinConnections and kMaxConnections.
size_t DefaultMaxConnections();

// The base of what serves something in a loop and owns the thread of it. In a forked child the thread does not exist,
// locks may be held by nobody, and the descriptors' numbers may be somebody else's by now: the owner can be neither
// stopped nor destroyed there.
class LoopOwner {
 public:
  // Where memory is short, the loop goes on after `pause`. The loop may be a member of what is derived from this.
  LoopOwner(IoLoop& loop, std::chrono::milliseconds pause);
  virtual ~LoopOwner() = default;  // after Stop(), which what is derived from this calls
  LoopOwner(const LoopOwner&) = delete;
  LoopOwner& operator=(const LoopOwner&) = delete;

  void StartThread();
  // Ends the loop whatever its clients do, joins the thread and closes everything. Idempotent; any thread but the
  // loop's own.
  void Stop();
  // Whether it serves. False once it is stopped, and once the program has closed a descriptor of its: it then ends by
  // itself and closes the others. Any thread.
  bool running() const;

  // Whether it was made in a parent of this process.
  bool IsOfParent() const;
  // Destroys it, or keeps one that is a parent's where leak checkers find it.
  static void Destroy(std::unique_ptr<LoopOwner> owner);

 protected:
  // Takes up whatever is not under way: at the start, and after an exception has left a handler.
  virtual void Resume() = 0;
  // Closes what is still open. By the thread when the loop ends, and once more when that is joined.
  virtual void CloseAll() noexcept = 0;
  // To be called before the thread is started: it serves as long as this descriptor is its own.
  void DependOn(int descriptor) { descriptors_.push_back(descriptor); }

 private:
  void Run() noexcept;
  void End() noexcept;
  bool IsIntact() const;

  IoLoop& loop_;
  const std::chrono::milliseconds pause_;
  const uint64_t generation_;
  const pid_t pid_;
  std::vector<int> descriptors_;  // any thread reads them
  std::atomic<bool> ended_ = false;
  absl::Mutex stopping_;
  std::thread thread_ ABSL_GUARDED_BY(stopping_);
  LoopOwner* buried_below_ = nullptr;
};

}  // namespace toolvitals
