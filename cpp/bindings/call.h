// One call of a tool, from its beginning to its one end.
// Floor: bindings.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "bindings/tool_type.h"

namespace toolvitals {

// Begin() once, then one of the ends once. Holds no reference: whoever has the call keeps the tool's handle.
class RunningCall {
 public:
  void Begin(ToolMetricsObject* tool) {
    tool_ = tool;
    token_ = tool->tool->Begin<kPythonWriters>(Clock::Ticks());
  }

  bool running() const { return tool_ != nullptr; }

  uint64_t ElapsedNs() const { return Clock::ElapsedNs(token_.start_ticks(), Clock::Ticks()); }

  void Succeed() { EndWith(tool_->tool->outcome(Outcome::kSuccess)); }
  void Cancel() { EndWith(tool_->tool->outcome(Outcome::kCancelled)); }
  void Fail(HistogramCell& error) { EndWith(error); }

  // Ends as the exception says that is being raised: an Exception is an error of its class; anything else that derives
  // from BaseException (CancelledError, GeneratorExit, KeyboardInterrupt) came from outside and is a cancellation. The
  // exception stays as it is.
  void Raise() {
    PyObject* type = PyErr_Occurred();
    const uint64_t nanos = ElapsedNs();  // before the look-up of the error's cell, which is no part of the call
    HistogramCell& outcome = type != nullptr && PyErr_GivenExceptionMatches(type, PyExc_Exception)
                                 ? ErrorCellOf(tool_, type)
                                 : tool_->tool->outcome(Outcome::kCancelled);
    EndWith(outcome, nanos);
  }

 private:
  void EndWith(HistogramCell& outcome) { EndWith(outcome, ElapsedNs()); }

  void EndWith(HistogramCell& outcome, uint64_t nanos) {
    ToolMetrics& tool = *tool_->tool;
    tool_ = nullptr;
    tool.End<kPythonWriters>(token_);
    tool.RecordNanos<kPythonWriters>(outcome, nanos);
  }

  ToolMetricsObject* tool_ = nullptr;
  InFlightToken token_;
};

}  // namespace toolvitals
