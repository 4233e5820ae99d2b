// Running each operation in a thread of its own, and waiting for it so long and no longer. Floor: push.
#include "push/pusher.h"

#include <new>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace toolvitals {
namespace {

constexpr int kFirstStatus = 100;
constexpr int kFirstRefusal = 400;

PushOutcome OutcomeOf(int result) {
  // The library returns the HTTP status, or libcurl's number with its sign turned.
  if (result < kFirstStatus) return {PushOutcome::Kind::kUnreachable, -result};
  if (result >= kFirstRefusal) return {PushOutcome::Kind::kRefused, result};
  return {};
}

}  // namespace

Pusher::Shared::Shared(const toolvitals_api& api, const Options& options)
    : collectable(std::make_shared<ToolvitalsCollectable>(api)),
      gateway(options.host, options.port, options.job, options.grouping, options.username, options.password) {
  gateway.RegisterCollectable(collectable);
}

Pusher::Pusher(const toolvitals_api& api, Options options)
    : api_(api), options_(std::move(options)), shared_(std::make_shared<Shared>(api_, options_)) {}

void Pusher::BeginAfreshInChild() {
  // What the parent's threads were at in it is never over here, so it is left as it is, locks and all.
  static auto* const left = new std::vector<std::shared_ptr<Shared>>;
  left->push_back(std::move(shared_));
  shared_ = std::make_shared<Shared>(api_, options_);
}

PushOutcome Pusher::Run(Shared& shared, PushOperation operation) try {
  switch (operation) {
    // The library's names are those of the gateway's API the other way round: its Push() is a POST.
    case PushOperation::kReplace:
      return OutcomeOf(shared.gateway.PushAdd());
    case PushOperation::kAdd:
      return OutcomeOf(shared.gateway.Push());
    case PushOperation::kDelete:
      break;
  }
  return OutcomeOf(shared.gateway.DeleteForInstance());
} catch (const std::bad_alloc&) {
  return {PushOutcome::Kind::kUnreachable, 0};
}

PushOutcome Pusher::Perform(const std::shared_ptr<Shared>& shared, PushOperation operation,
                            std::chrono::nanoseconds timeout) {
  const absl::Time deadline = absl::Now() + absl::FromChrono(timeout);
  absl::MutexLock lock(&shared->mutex);
  while (shared->busy) {
    if (!shared->changed.WaitWithDeadline(&shared->mutex, deadline) || !shared->busy) continue;
    ++shared->failures;
    return {PushOutcome::Kind::kBusy, 0};
  }
  const uint64_t own = shared->ended + 1;
  try {
    std::thread([shared, operation] {
      const PushOutcome outcome = Run(*shared, operation);
      absl::MutexLock ending(&shared->mutex);
      shared->busy = false;
      shared->last = outcome;
      ++shared->ended;
      ++(outcome.kind == PushOutcome::Kind::kDone ? shared->successes : shared->failures);
      shared->changed.SignalAll();
    }).detach();
  } catch (const std::system_error&) {
    ++shared->failures;
    return {PushOutcome::Kind::kUnreachable, 0};
  }
  shared->busy = true;
  while (shared->ended < own) {
    if (!shared->changed.WaitWithDeadline(&shared->mutex, deadline) || shared->ended >= own) continue;
    return {PushOutcome::Kind::kTimedOut, 0};
  }
  return shared->last;
}

PushOutcome Pusher::Perform(PushOperation operation, std::chrono::nanoseconds timeout) {
  return Perform(shared_, operation, timeout);
}

uint64_t Pusher::successes() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->successes;
}

uint64_t Pusher::failures() const {
  absl::MutexLock lock(&shared_->mutex);
  return shared_->failures;
}

}  // namespace toolvitals
