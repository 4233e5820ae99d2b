// Calls of tools that somebody further out is already recording: a server, say, whose tool a decorated function is.
// Floor: bindings.
#pragma once

#include <atomic>
#include <cstdint>

#include "bindings/python.h"

namespace toolvitals {

// While the context variable _core.recorded_elsewhere holds a RecordedElsewhere that names a tool, a call of that tool
// is run without a record of its own, so that one call counts once. A call of the same tool inside that call is another
// one, and counts.
struct RecordedElsewhereObject {
  PyObject_HEAD
  PyObject* tools;                // a tuple of ToolMetrics
  PyObject* token;                // of the context variable, between __enter__() and __exit__()
  std::atomic<uint64_t> running;  // a bit for each of the tools of which a call is being run without a record
  std::atomic<bool> ended;        // tasks left behind still see the object; what they call is recorded again
};

extern std::atomic<bool> recorded_elsewhere_in_use;

// Whether there has ever been one: what a program that has none pays for the question. Relaxed: who enters one makes it
// before, in the same thread or in one that hands its context on.
inline bool RecordedElsewhereInUse() { return recorded_elsewhere_in_use.load(std::memory_order_relaxed); }

// One call of `tool`, for as long as the scope lasts, or as what Keep() gives is kept.
class RecordedElsewhereScope {
 public:
  explicit RecordedElsewhereScope(PyObject* tool);
  ~RecordedElsewhereScope();
  RecordedElsewhereScope(const RecordedElsewhereScope&) = delete;
  RecordedElsewhereScope& operator=(const RecordedElsewhereScope&) = delete;

  bool covers() const { return object_ != nullptr; }

  // Hands the call over to whoever will end it with EndRecordedElsewhere(). A new reference.
  PyObject* Keep();

 private:
  PyObject* tool_;
  PyObject* object_ = nullptr;
};

// Ends the call of `tool` that Keep() handed over, and takes its reference.
void EndRecordedElsewhere(PyObject* kept, PyObject* tool);

bool AddRecordedElsewhere(PyObject* module);

}  // namespace toolvitals
