// Processes that are played by threads, one step of one of them at a time, in an order that a seed decides; and that
// the same seed kills at any step.
// Floor: fleet. Only tests include it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/testing.h"

namespace toolvitals {

// A process calls Step() wherever others may come between; there it waits for its turn, or ends. What it leaves then is
// what a killed process leaves: descriptors are closed, and nothing is tidied up.
class Simulation {
 public:
  struct Killed {};

  class Process {
   public:
    // Ends the process by throwing Killed where the seed wants that.
    void Step() {
      const absl::MutexLock lock(&simulation_.mutex_);
      simulation_.running_ = nullptr;
      simulation_.over_.Signal();
      Await();
      ++simulation_.steps_;
      if (is_killed_) throw Killed();
    }
    Random& random() { return simulation_.random_; }

   private:
    friend class Simulation;
    Process(Simulation& simulation, bool is_mortal) : simulation_(simulation), is_mortal_(is_mortal) {}
    void Await() {
      while (simulation_.running_ != this) turn_.Wait(&simulation_.mutex_);
    }

    Simulation& simulation_;
    const bool is_mortal_;
    absl::CondVar turn_;
    bool is_killed_ = false;
    bool is_done_ = false;
    std::thread thread_;
  };
  using Body = std::function<void(Process&)>;

  // One process in `mortality` is killed at each of its steps, on average.
  Simulation(uint64_t seed, uint64_t mortality) : random_(seed), mortality_(mortality) {}

  void Add(bool is_mortal, Body body) {
    processes_.emplace_back(new Process(*this, is_mortal));
    Process& process = *processes_.back();
    process.thread_ = std::thread([this, &process, body = std::move(body)] {
      {
        const absl::MutexLock lock(&mutex_);
        process.Await();
      }
      try {
        body(process);
      } catch (const Killed&) {
        ++kills_;
      }
      const absl::MutexLock lock(&mutex_);
      process.is_done_ = true;
      running_ = nullptr;
      over_.Signal();
    });
  }

  // Until all have ended.
  void Run() {
    while (RunOneStep()) {
    }
    for (const auto& process : processes_) process->thread_.join();
  }

  uint64_t kills() const { return kills_; }
  uint64_t steps() const { return steps_; }

 private:
  // False where all have ended.
  bool RunOneStep() {
    const absl::MutexLock lock(&mutex_);
    std::vector<Process*> alive;
    for (const auto& process : processes_) {
      if (!process->is_done_) alive.push_back(process.get());
    }
    if (alive.empty()) return false;
    Process* next = alive[random_.Below(alive.size())];
    next->is_killed_ = next->is_mortal_ && random_.Below(mortality_) == 0;
    running_ = next;
    next->turn_.Signal();
    while (running_ != nullptr) over_.Wait(&mutex_);
    return true;
  }

  absl::Mutex mutex_;
  absl::CondVar over_;
  Process* running_ = nullptr;
  Random random_;
  const uint64_t mortality_;
  uint64_t kills_ = 0, steps_ = 0;
  std::vector<std::unique_ptr<Process>> processes_;
};

}  // namespace toolvitals
