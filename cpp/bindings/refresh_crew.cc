// Entering the interpreter from threads that it did not make, and calling its collectors. Floor: bindings.
#include "bindings/refresh_crew.h"

#include <chrono>

#include "base/fork_hooks.h"
#include "bindings/critical_section.h"
#include "bindings/errors.h"
#include "bindings/python.h"
#include "sources/refresh_crew.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

using Seconds = std::chrono::duration<double>;

// What a turn calls, while the crew is open; nullptr else. Whoever uses it is in a CriticalSection of the type.
PyObject* work = nullptr;
// The member that this thread is, if it is one.
thread_local RefreshCrew::Member* current = nullptr;

void CollectWithPython(RefreshCrew::Member& member);

OwnedRef Work() {
  const CriticalSection section(reinterpret_cast<PyObject*>(&PyFunction_Type));
  return OwnedRef(Py_XNewRef(work));
}

// What was called before goes outside of the section, for that may run anything.
void SetWork(PyObject* called) {
  OwnedRef before;
  const CriticalSection section(reinterpret_cast<PyObject*>(&PyFunction_Type));
  before = OwnedRef(work);
  work = Py_XNewRef(called);
}

RefreshCrew& Crew() {
  static RefreshCrew* const crew = new RefreshCrew(GlobalRefreshDemand(), &CollectWithPython);
  return *crew;
}

void CallWork(PyObject* begins) {
  const OwnedRef called = Work();
  if (!called) return;
  const OwnedRef result(PyObject_CallOneArg(called.get(), begins));
  if (!result) PyErr_WriteUnraisable(called.get());
}

// The thread has one state of the interpreter for as long as it lives, so that what collectors keep for each thread,
// such as connections and event loops, is made once. Its frame has nothing to destroy (RefreshCrew::Run).
void CollectWithPython(RefreshCrew::Member& member) {
  current = &member;
  const PyGILState_STATE state = PyGILState_Ensure();
  for (;;) {
    PyThreadState* const own = PyEval_SaveThread();
    const RefreshCrew::Turn turn = Crew().Await(member);
    PyEval_RestoreThread(own);
    if (turn == RefreshCrew::Turn::kNone) break;
    CallWork(turn == RefreshCrew::Turn::kBegin ? Py_True : Py_False);
  }
  PyGILState_Release(state);
}

RefreshCrew::Duration ToDuration(double seconds) {
  // Seconds of a century still fit into nanoseconds of 64 bits.
  if (!(seconds >= 0) || seconds > 3e9) throw py::value_error("seconds must be 0 to 3e9");
  return std::chrono::duration_cast<RefreshCrew::Duration>(Seconds(seconds));
}

RefreshCrew::Duration ToPositive(double seconds) {
  if (!(seconds > 0)) throw py::value_error("seconds must be more than 0");
  return ToDuration(seconds);
}

void BeginAfreshInChild() {
  GlobalRefreshDemand().BeginAfreshInChild();
  Crew().BeginAfreshInChild();
}

bool Open(RefreshCrew& self, const py::function& called) {
  SetWork(called.ptr());
  const py::gil_scoped_release released;
  return self.Open();
}

}  // namespace

RefreshDemand& GlobalRefreshDemand() {
  static RefreshDemand* const demand = new RefreshDemand;
  return *demand;
}

void BindRefreshCrew(py::module_& module) {
  Crew();
  // The C library allocates what the extension keeps for a thread when that is first asked for, and ends the process
  // where it cannot. For the thread that imports it, this is now.
  current = nullptr;
  static constexpr ForkHook kHook = {.child = &BeginAfreshInChild};
  ThrowUnlessOk(SetForkHook(ForkPlace::kRefreshCrew, &kHook));
  const py::handle type(reinterpret_cast<PyObject*>(&PyType_Type));

  py::class_<RefreshCrew>(module, "RefreshCrew", py::is_final(), py::metaclass(type),
                          "Threads of the operating system that collect when it is due, one at a time. Thread-safe.")
      .def("open", &Open, py::arg("work"),
           "Has a thread call work(begins) at once and whenever a refresh is due; `begins` is false where it is to go "
           "on with what another thread has left. False where no thread can be made.")
      .def(
          "close",
          [](RefreshCrew& self, double patience) {
            const RefreshCrew::Duration duration = ToDuration(patience);
            SetWork(nullptr);
            const py::gil_scoped_release released;
            self.Close(duration);
          },
          py::arg("patience"), "Ends the threads, and waits for that so many seconds at most. Idempotent.")
      .def(
          "has_turn", [](RefreshCrew&) { return current != nullptr && current->has_turn(); },
          "Whether this thread is to go on.")
      .def(
          "begin_job", [](RefreshCrew&, const CollectorRecord& record) { current->BeginJob(record.tally()); },
          py::arg("record"), "This thread, which is one of the crew, calls the record's collector from here on.")
      .def(
          "end_job", [](RefreshCrew&) { current->EndJob(); }, "This thread's collector has come to its end.")
      .def(
          "set_interval", [](RefreshCrew&, double seconds) { GlobalRefreshDemand().SetInterval(ToPositive(seconds)); },
          py::arg("seconds"), "How old the values may become while there are scrapes.")
      .def(
          "set_deadline", [](RefreshCrew& self, double seconds) { self.SetDeadline(ToPositive(seconds)); },
          py::arg("seconds"), "How long a collector may take before others go on without it.");
  module.attr("refresh_crew") = py::cast(&Crew(), py::return_value_policy::reference);
}

}  // namespace toolvitals
