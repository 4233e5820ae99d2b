// Floor: serve.
#include "serve/io_loop.h"

#include <boost/asio/detail/epoll_reactor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <thread>
#include <utility>

#include "base/descriptors.h"

namespace toolvitals {
namespace {

using Reactor = boost::asio::detail::epoll_reactor;
using Interrupter = boost::asio::detail::select_interrupter;

// Asio has no public way to the three descriptors that a loop itself owns, and a forked child must be able to close
// them. An explicit instantiation may name private members; this one hands them out. Should a later Asio rename one,
// the compiler says so here.
template <int Reactor::*Epoll, int Reactor::*Timer, Interrupter Reactor::*Wake>
struct ReactorAccess {
  friend void ForEachDescriptor(Reactor& reactor, void (*visit)(int)) {
    visit(reactor.*Epoll);
    visit(reactor.*Timer);
    visit((reactor.*Wake).read_descriptor());
  }
};
void ForEachDescriptor(Reactor& reactor, void (*visit)(int));
template struct ReactorAccess<&Reactor::epoll_fd_, &Reactor::timer_fd_, &Reactor::interrupter_>;

}  // namespace

IoLoop::IoLoop() {
  ForEachDescriptor(boost::asio::use_service<Reactor>(io), [](int descriptor) { TrackDescriptor(descriptor); });
}

IoLoop::~IoLoop() { ForEachDescriptor(boost::asio::use_service<Reactor>(io), &UntrackDescriptor); }

void IoLoop::Run(std::chrono::milliseconds pause, absl::FunctionRef<void()> recover) noexcept {
  const auto work = boost::asio::make_work_guard(io);
  for (bool dropped = false; !io.stopped();) {
    try {
      if (dropped) recover();
      dropped = false;
      io.run();
    } catch (...) {
      // Handlers catch what they can answer, so this is memory that is short. A connection whose handler is lost stays
      // silent until a sweep closes it.
      if (std::exchange(dropped, true)) std::this_thread::sleep_for(pause);
    }
  }
}

}  // namespace toolvitals
