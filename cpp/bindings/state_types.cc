// InfoBase and EnumBase: facts, and which of several states holds.
// Floor: bindings.
#include <algorithm>
#include <string_view>
#include <vector>

#include "bindings/guard.h"
#include "bindings/instrument_type.h"

namespace toolvitals {
namespace {

PyTypeObject info_type =
    BlankType("toolvitals._core.InfoBase", sizeof(InstrumentObject), "An info's series or its family.");
PyTypeObject enum_type =
    BlankType("toolvitals._core.EnumBase", sizeof(InstrumentObject), "A state set's series or its family.");

bool ToText(PyObject* object, std::string_view* text) {
  Py_ssize_t size = 0;
  const char* utf8 = PyUnicode_AsUTF8AndSize(object, &size);
  if (utf8 == nullptr) return false;
  *text = std::string_view(utf8, static_cast<size_t>(size));
  return true;
}

PyObject* SetFacts(PyObject* object, PyObject* facts) {
  InstrumentObject* self = AsInstrument(object);
  if (RecordOf(self) == nullptr) return nullptr;
  if (!PyDict_Check(facts)) return PyErr_Format(PyExc_TypeError, "facts must be a dict, not %R", facts);
  std::vector<std::string_view> texts;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(facts, &at, &name, &value);) {
    if (!PyUnicode_Check(name) || !PyUnicode_Check(value)) {
      return PyErr_Format(PyExc_TypeError, "facts are str by str, not %R: %R", name, value);
    }
    if (!ToText(name, &texts.emplace_back()) || !ToText(value, &texts.emplace_back())) return nullptr;
  }
  if (!self->family->SetFacts(*self->series, texts)) {
    PyErr_SetString(PyExc_ValueError, "no memory is left in the metrics store for these facts");
    return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* SetState(PyObject* object, PyObject* state) {
  InstrumentObject* self = AsInstrument(object);
  SeriesRecord* record = RecordOf(self);
  if (record == nullptr) return nullptr;
  std::string_view text;
  if (!PyUnicode_Check(state)) return PyErr_Format(PyExc_ValueError, "a state is a str, not %R", state);
  if (!ToText(state, &text)) return nullptr;
  const std::vector<std::string>& states = self->family->definition().states;
  const auto found = std::find(states.begin(), states.end(), text);
  if (found == states.end()) {
    return PyErr_Format(PyExc_ValueError, "%R is none of the states of %.200s", state,
                        self->family->definition().name.c_str());
  }
  record->As<StateSetSeriesCell>().state.store(static_cast<uint64_t>(found - states.begin()),
                                               std::memory_order_relaxed);
  self->series->Date();
  Py_RETURN_NONE;
}

PyMethodDef info_methods[] = {
    {"_set_facts", Guarded<&SetFacts>, METH_O,
     "_set_facts($self, facts, /)\n--\n\nSets the facts, a dict of str by str, in the place of those before."},
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef enum_methods[] = {
    {"state", GuardedRecord<&SetState>, METH_O,
     "state($self, state, /)\n--\n\n"
     "Sets which state holds. ValueError for one that the metric does not have, and where labels are missing."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* InfoToPython(Family& family, Series& series, PyObject* labels) {
  OwnedRef facts(PyDict_New());
  if (!facts) return nullptr;
  const std::vector<std::string> texts = family.Facts(series);
  for (size_t i = 0; i + 1 < texts.size(); i += 2) {
    const OwnedRef name(toolvitals::ToPython(texts[i]));
    const OwnedRef value(toolvitals::ToPython(texts[i + 1]));
    if (!name || !value || PyDict_SetItem(facts.get(), name.get(), value.get()) != 0) return nullptr;
  }
  return Py_BuildValue("(OO)", labels, facts.get());
}

PyObject* StateSetToPython(Family&, Series& series, PyObject* labels) {
  return Py_BuildValue("(OK)", labels,
                       static_cast<unsigned long long>(series.state_set().state.load(std::memory_order_relaxed)));
}

}  // namespace

bool AddInfoType(PyObject* module) {
  return AddInstrumentType(module, info_type, InstrumentKind::kInfo, info_methods, &InfoToPython);
}

bool AddStateSetType(PyObject* module) {
  return AddInstrumentType(module, enum_type, InstrumentKind::kStateSet, enum_methods, &StateSetToPython);
}

}  // namespace toolvitals
