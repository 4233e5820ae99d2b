// GaugeBase: goes up and down.
// Floor: bindings.
#include <array>

#include "base/clock.h"
#include "bindings/arguments.h"
#include "bindings/guard.h"
#include "bindings/instrument_type.h"

namespace toolvitals {
namespace {

PyTypeObject gauge_type =
    BlankType("toolvitals._core.GaugeBase", sizeof(InstrumentObject), "A gauge's series or its family.");

std::array<PyObject*, 1> amount_names;
std::array<PyObject*, 1> value_names;

template <int kSign>
PyObject* Add(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) [[unlikely]]
    return nullptr;
  if (AsInstrument(object)->is_set_only) [[unlikely]] {
    return PyErr_Format(PyExc_RuntimeError, "%s must not be used with the mostrecent mode", kSign > 0 ? "inc" : "dec");
  }
  double amount = 1;
  if (count != 0 || keywords != nullptr) {
    std::array<PyObject*, 1> places{};
    if (!PlaceArguments(amount_names, args, count, keywords, places) || places[0] == nullptr) {
      PyErr_SetString(PyExc_TypeError, "inc() and dec() take amount, once");
      return nullptr;
    }
    if (!ToAmount(places[0], &amount)) return nullptr;
  }
  record->As<GaugeCell>().Increment<kPythonWriters>(kSign * amount);
  Py_RETURN_NONE;
}

PyObject* Set(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) [[unlikely]]
    return nullptr;
  std::array<PyObject*, 1> places{};
  if (!PlaceArguments(value_names, args, count, keywords, places) || places[0] == nullptr) [[unlikely]] {
    PyErr_SetString(PyExc_TypeError, "set() takes value, once");
    return nullptr;
  }
  double value = 0;
  if (PyUnicode_Check(places[0]) || PyBytes_Check(places[0])) {
    // As float() takes it.
    const OwnedRef number(PyFloat_FromString(places[0]));
    if (!number) return nullptr;
    value = PyFloat_AS_DOUBLE(number.get());
  } else if (!ToAmount(places[0], &value)) {
    return nullptr;
  }
  record->As<GaugeCell>().Set(value);
  Py_RETURN_NONE;
}

PyObject* SetToCurrentTime(PyObject* object, PyObject*) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) return nullptr;
  record->As<GaugeCell>().Set(static_cast<double>(Clock::UnixNanos()) / 1e9);
  Py_RETURN_NONE;
}

// From here on a function gives the value: recording changes nothing, and only _store() does.
PyObject* Freeze(PyObject* object, PyObject*) {
  InstrumentObject* self = AsInstrument(object);
  SeriesRecord* record = RecordOf(self);
  if (record == nullptr) return nullptr;
  record->As<GaugeCell>().Await();
  self->is_frozen = true;
  self->touches = true;
  Py_RETURN_NONE;
}

PyObject* Store(PyObject* object, PyObject* value) {
  InstrumentObject* self = AsInstrument(object);
  double number = 0;
  if (RecordOf(self) == nullptr || !ToAmount(value, &number)) return nullptr;
  self->series->Touch();
  self->record->As<GaugeCell>().Refresh(number);
  self->series->Date();
  Py_RETURN_NONE;
}

// Adding to it becomes a mistake, also to children that are made from here on.
PyObject* AllowOnlySet(PyObject* object, PyObject*) {
  AsInstrument(object)->is_set_only = true;
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"inc", AsMethod(GuardedRecord<&Add<1>>), METH_FASTCALL | METH_KEYWORDS,
     "inc($self, /, amount=1)\n--\n\nAdds an amount. ValueError where labels are missing. Thread-safe."},
    {"dec", AsMethod(GuardedRecord<&Add<-1>>), METH_FASTCALL | METH_KEYWORDS,
     "dec($self, /, amount=1)\n--\n\nTakes an amount off. ValueError where labels are missing. Thread-safe."},
    {"set", AsMethod(GuardedRecord<&Set>), METH_FASTCALL | METH_KEYWORDS,
     "set($self, /, value)\n--\n\nSets the value, any number. ValueError where labels are missing. Thread-safe."},
    {"_freeze", Guarded<&Freeze>, METH_NOARGS,
     "_freeze($self, /)\n--\n\nFrom here on only _store() changes the value, which there is none of before."},
    {"_store", Guarded<&Store>, METH_O, "_store($self, value, /)\n--\n\nSets the value of a gauge that is frozen."},
    {"_allow_only_set", Guarded<&AllowOnlySet>, METH_NOARGS,
     "_allow_only_set($self, /)\n--\n\nFrom here on inc() and dec() raise RuntimeError."},
    {"set_to_current_time", GuardedRecord<&SetToCurrentTime>, METH_NOARGS,
     "set_to_current_time($self, /)\n--\n\nSets the value to the Unix time in seconds."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* ToTuple(Family&, Series& series, PyObject* labels) {
  const double value = series.gauge().Value();
  return Py_BuildValue("(Od)", labels, GaugeCell::IsAbsent(value) ? 0.0 : value);
}

}  // namespace

bool AddGaugeType(PyObject* module) {
  return InternAll({"amount"}, amount_names) && InternAll({"value"}, value_names) &&
         AddInstrumentType(module, gauge_type, InstrumentKind::kGauge, methods, &ToTuple);
}

}  // namespace toolvitals
