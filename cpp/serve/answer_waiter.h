// Whoever waits for an answer that is not there yet.
// Floor: serve.
#pragma once

#include "serve/response.h"

namespace toolvitals {

// Belongs to the loop's thread.
class AnswerWaiter {
 public:
  virtual ~AnswerWaiter() = default;
  virtual void Deliver(const Response& response) noexcept = 0;
  // No answer could be made, not even of the failure.
  virtual void GiveUp() noexcept = 0;
};

}  // namespace toolvitals
