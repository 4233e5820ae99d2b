// CounterBase: counts up.
// Floor: bindings.
#include <array>
#include <cmath>

#include "bindings/arguments.h"
#include "bindings/drops.h"
#include "bindings/exemplars.h"
#include "bindings/guard.h"
#include "bindings/instrument_type.h"
#include "bindings/instrument_values.h"
#include "bindings/part_methods.h"
#include "kinds/series_exemplars.h"

namespace toolvitals {
namespace {

PyTypeObject counter_type =
    BlankType("toolvitals._core.CounterBase", sizeof(InstrumentObject), "A counter's series or its family.");

std::array<PyObject*, 2> argument_names;

PyObject* Negative() {
  PyErr_SetString(PyExc_ValueError, "Counters can only be incremented by non-negative amounts.");
  return nullptr;
}

PyObject* IncrementBy(CounterCell& cell, PyObject* amount) {
  if (PyLong_CheckExact(amount)) {
    int overflow = 0;
    const long long whole = PyLong_AsLongLongAndOverflow(amount, &overflow);
    if (overflow < 0 || (overflow == 0 && whole < 0)) return Negative();
    if (overflow == 0) {
      cell.Increment<kPythonWriters>(static_cast<uint64_t>(whole));
      Py_RETURN_NONE;
    }
    const unsigned long long large = PyLong_AsUnsignedLongLong(amount);
    if (PyErr_Occurred() == nullptr) {
      cell.Increment<kPythonWriters>(uint64_t{large});
      Py_RETURN_NONE;
    }
    PyErr_Clear();
  }
  double value = 0;
  if (!ToAmount(amount, &value)) return nullptr;
  if (value < 0) return Negative();
  // A counter that once was NaN or infinite would stay so, whatever is counted afterwards.
  if (!std::isfinite(value)) {
    return Drop(DropReason::kValueNotFinite, PyExc_ValueError, "a counter cannot be incremented by %R", amount);
  }
  cell.Increment<kPythonWriters>(value);
  Py_RETURN_NONE;
}

PyObject* Increment(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) [[unlikely]]
    return nullptr;
  CounterCell& cell = record->As<CounterCell>();
  if (count == 0 && keywords == nullptr && !SamplesExemplars()) [[likely]] {
    cell.Increment<kPythonWriters>(uint64_t{1});
    Py_RETURN_NONE;
  }
  std::array<PyObject*, 2> places{};
  if (!PlaceArguments(argument_names, args, count, keywords, places)) {
    PyErr_SetString(PyExc_TypeError, "inc() takes amount and exemplar, each once");
    return nullptr;
  }
  PyObject* done = nullptr;
  if (places[0] == nullptr) {
    cell.Increment<kPythonWriters>(uint64_t{1});
    done = Py_NewRef(Py_None);
  } else {
    done = IncrementBy(cell, places[0]);
  }
  if (done == nullptr) return nullptr;
  double amount = 1;
  if (places[0] != nullptr && !ToAmount(places[0], &amount)) PyErr_Clear();
  if (!KeepExemplar(AsInstrument(object), 0, amount, places[1])) Py_CLEAR(done);
  return done;
}

PyMethodDef methods[] = {
    {"inc", AsMethod(GuardedRecord<&Increment>), METH_FASTCALL | METH_KEYWORDS,
     "inc($self, /, amount=1, exemplar=None)\n--\n\n"
     "Adds an amount, zero or more; whole ones are exact to 2**64. `exemplar` is a dict of labels that name what is\n"
     "counted, 128 characters at most.\n\n"
     "ValueError for a negative amount and for a metric whose labels are missing; NaN and infinity are dropped and\n"
     "counted in toolvitals_dropped_records_total. Thread-safe."},
    {"_keep_exemplar", Guarded<&KeepExemplarOf>, METH_VARARGS,
     "_keep_exemplar($self, bucket, amount, labels, /)\n--\n\nKeeps an exemplar of a bucket; a counter has one, 0."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* ToTuple(Family& family, Series& series, PyObject* labels) {
  const CounterCell& cell = series.counter();
  const double fraction = LoadDouble(cell.fraction);
  const Number value = fraction == 0 ? Number(cell.Integer()) : Number(cell.Value());
  const std::optional<Exemplar> exemplar = ReadExemplar(family.segment(), series.record(), 0);
  return Py_BuildValue("(ONNN)", labels, ToPython(value), Created(series),
                       exemplar.has_value() ? ExemplarToPython(*exemplar) : Py_NewRef(Py_None));
}

}  // namespace

bool AddCounterType(PyObject* module) {
  return InternAll({"amount", "exemplar"}, argument_names) &&
         AddInstrumentType(module, counter_type, InstrumentKind::kCounter, methods, &ToTuple);
}

}  // namespace toolvitals
