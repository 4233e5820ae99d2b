// Defining families, finding children, removing them, and reading.
// Floor: bindings.
#include "bindings/instrument_type.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bindings/arguments.h"
#include "bindings/critical_section.h"
#include "bindings/errors.h"
#include "bindings/fold_notices.h"
#include "bindings/forgetting.h"
#include "bindings/guard.h"
#include "bindings/instrument_values.h"
#include "bindings/label_values.h"
#include "bindings/open_instruments.h"
#include "collector/collector.h"

namespace toolvitals {

PyTypeObject instrument_type =
    BlankType("toolvitals._core.Instrument", sizeof(InstrumentObject),
              "What the instruments have in common. A base class: toolvitals.prometheus has the instruments.");

namespace {

// Children that have expired are looked for when others are made, at most so often.
constexpr uint64_t kLongestSweepPauseNs = 1'000'000'000;

struct TypeOfKind {
  PyTypeObject* type;
  InstrumentKind kind;
  SeriesToPython to_python;
};

std::vector<TypeOfKind>& Types() {
  static auto* types = new std::vector<TypeOfKind>;
  return *types;
}

InstrumentKind InstrumentKindOf(PyObject* self) {
  for (const TypeOfKind& known : Types()) {
    if (PyObject_TypeCheck(self, known.type)) return known.kind;
  }
  return InstrumentKind::kNone;
}

PyObject* New(PyTypeObject* type, PyObject*, PyObject*) {
  PyObject* object = type->tp_alloc(type, 0);
  if (object == nullptr) return nullptr;
  InstrumentObject* self = AsInstrument(object);
  new (&self->family) std::shared_ptr<Family>;
  new (&self->series) std::shared_ptr<Series>;
  new (&self->children) ChildTable;
  new (&self->attributes) std::unique_ptr<AttributeTable>;
  return object;
}

// Label values are texts and numbers, and a child without them would be taken for a parent: they stay.
int Traverse(PyObject* object, visitproc visit, void* arg) {
  const InstrumentObject* self = AsInstrument(object);
  Py_VISIT(self->overflow);
  const int of_attributes = self->attributes == nullptr ? 0 : self->attributes->Traverse(visit, arg);
  return of_attributes != 0 ? of_attributes : self->children.Traverse(visit, arg);
}

int ClearReferences(PyObject* object) {
  InstrumentObject* self = AsInstrument(object);
  Py_CLEAR(self->overflow);
  self->children.Clear();
  if (self->attributes != nullptr) self->attributes->Clear();
  return 0;
}

void Dealloc(PyObject* object) {
  PyObject_GC_UnTrack(object);
  InstrumentObject* self = AsInstrument(object);
  Py_CLEAR(self->overflow);
  self->children.~ChildTable();
  std::destroy_at(&self->attributes);
  Py_CLEAR(self->label_values);
  // When the program ends, what it recorded stays for those who read it in its place.
  if (!IsFinalizing()) {
    std::destroy_at(&self->series);
    std::destroy_at(&self->family);
  }
  Py_TYPE(object)->tp_free(object);
}

void UseSeries(InstrumentObject* self, std::shared_ptr<Series> series) {
  self->series = std::move(series);
  self->record = &self->series->record();
  self->touches = self->series->counts_touches();
}

// Lets a class that a program derives from an instrument begin a child as it begins what it makes itself.
bool BeginChild(PyObject* child, InstrumentObject* parent) {
  const OwnedRef begin(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(child)), "_begin_child"));
  if (!begin) {
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return false;
    PyErr_Clear();
    return true;
  }
  if (begin.get() == Py_None) return true;
  return static_cast<bool>(OwnedRef(PyObject_CallFunctionObjArgs(begin.get(), child, parent, nullptr)));
}

// Lets go of the children that nobody else holds and that were not used for the family's time to live.
void SweepChildren(InstrumentObject* parent) {
  const uint64_t ttl = parent->family->definition().ttl_ns;
  const uint64_t now = Clock::MonotonicNanos();
  if (ttl == 0 || now - parent->swept_ns < std::min(ttl, kLongestSweepPauseNs)) return;
  parent->swept_ns = now;
  parent->children.RemoveIf([&](InstrumentObject* child) {
    const uint64_t used = child->record->used_ns.load(std::memory_order_relaxed);
    return Py_REFCNT(reinterpret_cast<PyObject*>(child)) == 1 && now > used && now - used >= ttl;
  });
}

// The child of as many str objects as there are labels; a new reference.
PyObject* NewChild(InstrumentObject* parent, Py_hash_t hash, PyObject* const* values) {
  const auto count = static_cast<Py_ssize_t>(parent->family->definition().label_names.size());
  std::vector<std::string_view> texts;
  for (Py_ssize_t i = 0; i < count; ++i) {
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(values[i], &size);
    if (text == nullptr) {
      if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return nullptr;
      // A lone surrogate stands in no scrape, and two of them must not become one series.
      PyErr_Clear();
      Collector::Global().NoteFold(parent->family->definition().name, FoldReason::kNotUtf8, 0);
      return TellFolds() ? OverflowChild(parent) : nullptr;
    }
    texts.emplace_back(text, static_cast<size_t>(size));
  }
  SweepChildren(parent);
  std::shared_ptr<Series> series = parent->family->WithLabels(texts);
  if (series->is_overflow()) return TellFolds() ? OverflowChild(parent) : nullptr;
  const OwnedRef label_values(PyTuple_New(count));
  if (!label_values) return nullptr;
  for (Py_ssize_t i = 0; i < count; ++i) PyTuple_SET_ITEM(label_values.get(), i, Py_NewRef(values[i]));
  OwnedRef child(MakeChild(parent, label_values.get(), std::move(series)));
  if (!child) return nullptr;
  // Making the child may have run a garbage collection, and that anything: also this.
  if (InstrumentObject* there = parent->children.Find(hash, values)) {
    return Py_NewRef(reinterpret_cast<PyObject*>(there));
  }
  parent->children.Insert(hash, AsInstrument(child.get()));
  return Py_NewRef(child.release());
}

PyObject* Labels(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  InstrumentObject* self = AsInstrument(object);
  if (self->label_values != nullptr || self->family == nullptr || self->family->definition().label_names.empty())
      [[unlikely]] {
    IsLabelledParent(self);
    return nullptr;
  }
  const CriticalSection section(object);
  bool plain = keywords == nullptr && static_cast<size_t>(count) == self->family->definition().label_names.size();
  for (Py_ssize_t i = 0; plain && i < count; ++i) plain = PyUnicode_CheckExact(args[i]);
  OwnedRef ordered;
  PyObject* const* values = args;
  if (!plain) [[unlikely]] {
    OwnedRef made = OrderedValues(self, args, count, keywords);
    if (!made) return nullptr;
    values = &PyTuple_GET_ITEM(made.get(), 0);
    const Py_hash_t hash = ChildTable::HashOf(values, PyTuple_GET_SIZE(made.get()));
    if (InstrumentObject* child = self->children.Find(hash, values))
      return Py_NewRef(reinterpret_cast<PyObject*>(child));
    return NewChild(self, hash, values);
  }
  const Py_hash_t hash = ChildTable::HashOf(values, count);
  if (InstrumentObject* child = self->children.Find(hash, values)) [[likely]] {
    return Py_NewRef(reinterpret_cast<PyObject*>(child));
  }
  return NewChild(self, hash, values);
}

PyObject* Remove(PyObject* object, PyObject* const* args, Py_ssize_t count) {
  InstrumentObject* self = AsInstrument(object);
  if (self->attributes != nullptr && count == 1) return RemoveAttributes(self, args[0]);
  if (!IsLabelledParent(self)) return nullptr;
  const OwnedRef values = OrderedValues(self, args, count, nullptr);
  if (!values) return nullptr;
  PyObject* const* items = &PyTuple_GET_ITEM(values.get(), 0);
  const CriticalSection section(object);
  const OwnedRef child = self->children.Remove(ChildTable::HashOf(items, count), items);
  const auto texts = Texts(values.get());
  if (!texts.has_value()) Py_RETURN_FALSE;
  const bool removed = self->family->Remove(*texts);
  return ForgetElsewhere(*self->family, *texts) ? PyBool_FromLong(removed) : nullptr;
}

// A dict of label names and values: what has all of them goes.
PyObject* RemoveMatching(PyObject* object, PyObject* labels) {
  InstrumentObject* self = AsInstrument(object);
  if (!IsLabelledParent(self)) return nullptr;
  if (!PyDict_Check(labels)) return PyErr_Format(PyExc_TypeError, "labels must be a dict, not %R", labels);
  const std::vector<std::string>& names = self->family->definition().label_names;
  std::vector<OwnedRef> owned;
  std::vector<std::pair<size_t, std::string_view>> wanted;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(labels, &at, &name, &value);) {
    owned.emplace_back(PyObject_Str(value));
    if (!owned.back()) return nullptr;
    Py_ssize_t size = 0;
    const char* text = PyUnicode_AsUTF8AndSize(owned.back().get(), &size);
    const char* label = text == nullptr || !PyUnicode_Check(name) ? nullptr : PyUnicode_AsUTF8(name);
    size_t place = 0;
    while (label != nullptr && place < names.size() && names[place] != label) ++place;
    if (label == nullptr || place == names.size()) {
      PyErr_Clear();
      return PyLong_FromLong(0);
    }
    wanted.emplace_back(place, std::string_view(text, static_cast<size_t>(size)));
  }
  const CriticalSection section(object);
  self->children.RemoveIf([&](InstrumentObject* child) {
    for (const auto& [place, text] : wanted) {
      Py_ssize_t size = 0;
      PyObject* own = PyTuple_GET_ITEM(child->label_values, static_cast<Py_ssize_t>(place));
      const char* own_text = PyUnicode_AsUTF8AndSize(own, &size);
      if (own_text == nullptr || std::string_view(own_text, static_cast<size_t>(size)) != text) return false;
    }
    return true;
  });
  const size_t removed = self->family->RemoveMatching(wanted);
  SeriesFilter filter = AllOf(*self->family);
  for (const auto& [place, text] : wanted) filter.labels.emplace_back(names[place], std::string(text));
  return ForgetElsewhere(&filter) ? PyLong_FromSize_t(removed) : nullptr;
}

PyObject* Clear(PyObject* object, PyObject*) {
  InstrumentObject* self = AsInstrument(object);
  if (self->attributes == nullptr && !IsLabelledParent(self)) return nullptr;
  const CriticalSection section(object);
  ClearReferences(object);
  self->family->Clear();
  const SeriesFilter filter = AllOf(*self->family);
  if (!ForgetElsewhere(&filter)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* Reset(PyObject* object, PyObject*) {
  InstrumentObject* self = AsInstrument(object);
  if (RecordOf(self) == nullptr) return nullptr;
  self->family->Reset(*self->series);
  if (self->series->is_overflow()) return ForgetOverflowElsewhere(*self->family) ? Py_NewRef(Py_None) : nullptr;
  const std::vector<std::string> values = self->family->ValuesOf(*self->series);
  if (!ForgetElsewhere(*self->family, {values.begin(), values.end()})) return nullptr;
  Py_RETURN_NONE;
}

PyObject* Show(PyObject* object, PyObject* args) {
  InstrumentObject* self = AsInstrument(object);
  Py_ssize_t registry = 0;
  int shown = 0;
  if (!PyArg_ParseTuple(args, "np:_show", &registry, &shown)) return nullptr;
  if (self->family == nullptr || registry < 0 || registry >= static_cast<Py_ssize_t>(kMaxShownRegistries)) {
    return PyErr_Format(PyExc_ValueError, "a registry's number is 0 to %zu, not %zd", kMaxShownRegistries - 1,
                        registry);
  }
  const bool was_shown = self->family->Show(static_cast<size_t>(registry), shown != 0);
  const bool is_gone = was_shown && shown == 0 && registry == static_cast<Py_ssize_t>(kDefaultRegistry);
  if (is_gone && !ForgetFamilyElsewhere(*self->family)) return nullptr;
  Py_RETURN_NONE;
}

// Every series of a parent, or the one of a child: a list of what ReadSeries() makes.
PyObject* Read(PyObject* object, PyObject*) {
  InstrumentObject* self = AsInstrument(object);
  if (self->family == nullptr) {
    return PyErr_Format(PyExc_ValueError, "the metric was not defined: its __init__ has not run");
  }
  if (self->series != nullptr) {
    const OwnedRef empty(PyTuple_New(0));
    PyObject* labels = self->label_values == nullptr ? empty.get() : self->label_values;
    const OwnedRef values(labels == nullptr ? nullptr : ValuesToPython(*self->family, *self->series, labels));
    return values ? Py_BuildValue("[O]", values.get()) : nullptr;
  }
  return AllToPython(*self->family);
}

template <std::vector<std::string> FamilyDefinition::*texts>
PyObject* TextTuple(PyObject* object, void*) {
  const InstrumentObject* self = AsInstrument(object);
  if (self->family == nullptr) return PyTuple_New(0);
  const std::vector<std::string>& names = self->family->definition().*texts;
  OwnedRef tuple(PyTuple_New(static_cast<Py_ssize_t>(names.size())));
  for (size_t i = 0; tuple && i < names.size(); ++i) {
    PyObject* name = ToPython(names[i]);
    if (name == nullptr) return nullptr;
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), name);
  }
  return tuple.release();
}

PyObject* Bounds(PyObject* object, void*) {
  const InstrumentObject* self = AsInstrument(object);
  const std::vector<double> none;
  const std::vector<double>& bounds = self->family == nullptr ? none : self->family->definition().bounds;
  OwnedRef tuple(PyTuple_New(static_cast<Py_ssize_t>(bounds.size())));
  for (size_t i = 0; tuple && i < bounds.size(); ++i) {
    PyObject* bound = PyFloat_FromDouble(bounds[i]);
    if (bound == nullptr) return nullptr;
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), bound);
  }
  return tuple.release();
}

PyObject* FamilyKey(PyObject* object, void*) { return PyLong_FromVoidPtr(AsInstrument(object)->family.get()); }

template <std::string FamilyDefinition::*text>
PyObject* Text(PyObject* object, void*) {
  const InstrumentObject* self = AsInstrument(object);
  return self->family == nullptr ? ToPython("") : ToPython(self->family->definition().*text);
}

PyObject* LabelValues(PyObject* object, void*) {
  PyObject* values = AsInstrument(object)->label_values;
  return values == nullptr || !PyTuple_Check(values) ? PyTuple_New(0) : Py_NewRef(values);
}

PyObject* AttributesOf(PyObject* object, void*) {
  PyObject* attributes = AsInstrument(object)->label_values;
  return attributes == nullptr || !PyDict_Check(attributes) ? PyDict_New() : PyDict_Copy(attributes);
}

PyObject* IsOverflow(PyObject* object, void*) {
  const InstrumentObject* self = AsInstrument(object);
  return PyBool_FromLong(self->series != nullptr && self->series->is_overflow());
}

PyObject* Define(PyObject* object, PyObject* args, PyObject* keywords) {
  InstrumentObject* self = AsInstrument(object);
  if (self->family != nullptr) {
    return PyErr_Format(PyExc_RuntimeError, "the metric was defined before");
  }
  InstrumentKind kind = InstrumentKindOf(object);
  // Classes that programs derive from the base itself have numbers of their own: the family only knows the children.
  if (kind == InstrumentKind::kNone) kind = InstrumentKind::kGauge;
  std::optional<std::pair<FamilyDefinition, FamilyOptions>> definition = DefinitionFromPython(kind, args, keywords);
  if (!definition.has_value()) return nullptr;
  absl::StatusOr<std::shared_ptr<Family>> family =
      Collector::Global().instruments().Create(std::move(definition->first), definition->second);
  if (!family.ok()) return RaiseStatus(family.status());
  self->family = *std::move(family);
  if (self->family->definition().is_open) {
    self->attributes = std::make_unique<AttributeTable>();
  } else if (!self->family->has_labels()) {
    UseSeries(self, self->family->WithLabels({}));
  }
  Py_RETURN_NONE;
}

PyMethodDef methods[] = {
    {"_define", AsMethod(Guarded<&Define>), METH_VARARGS | METH_KEYWORDS,
     "_define($self, name, documentation, unit, labelnames, /, *, bounds=(), states=(), quantiles=(), window_size=0,\n"
     "        ttl_s=0, max_series=0, native=False, native_schema=3, native_max_buckets=160,\n"
     "        native_zero_threshold=2.938735877055719e-39, gauge_mode='all', open=False)\n--\n\n"
     "Makes the family, which no registry shows yet. `name` is without the suffix of its samples. Once. An open one "
     "has\n"
     "no label names, but attributes that differ from series to series: _with_attributes() finds its children."},
    {"labels", AsMethod(Guarded<&Labels>), METH_FASTCALL | METH_KEYWORDS,
     "labels($self, /, *labelvalues, **labelkwargs)\n--\n\n"
     "The child of these label values, by position or by name, each turned into a str; the same object for the same\n"
     "values until it is removed.\n\n"
     "Past a limit on series it is the family's overflow child, which all further label sets share. ValueError for\n"
     "other labels than the metric has. Thread-safe."},
    {"_with_attributes", Guarded<&WithAttributes>, METH_O,
     "_with_attributes($self, attributes, /)\n--\n\n"
     "The child of these attributes: a mapping of str to str, bool, int, float, or to lists or tuples of one of "
     "these;\n"
     "None is an empty one. The order of the keys is no matter, types are: 1, 1.0, True and '1' are four series. A\n"
     "negative zero is a zero, and every NaN the same one. The same object until it is removed.\n\n"
     "What is no attribute is left out and counted in toolvitals_dropped_records_total; with TOOLVITALS_STRICT it is "
     "a\n"
     "TypeError. Past a limit on series it is the family's overflow child. Thread-safe."},
    {"_remove", AsMethod(Guarded<&Remove>), METH_FASTCALL,
     "_remove($self, /, *labelvalues)\n--\n\n"
     "Removes a child, by its label values or the mapping of its attributes; whether there was one."},
    {"_remove_matching", Guarded<&RemoveMatching>, METH_O,
     "_remove_matching($self, labels, /)\n--\n\nRemoves the children that have these labels; how many there were."},
    {"_clear", Guarded<&Clear>, METH_NOARGS, "_clear($self, /)\n--\n\nRemoves every child."},
    {"_reset", Guarded<&Reset>, METH_NOARGS, "_reset($self, /)\n--\n\nZeroes the child, and makes it begin now."},
    {"_show", Guarded<&Show>, METH_VARARGS,
     "_show($self, registry, shown, /)\n--\n\n"
     "Whether the native endpoints of the registry of that number show it. What those of the process show no longer "
     "is\n"
     "forgotten of processes that have ended, unless another one that lives has registered it; RuntimeError where "
     "that\n"
     "cannot be done."},
    {"_read", Guarded<&Read>, METH_NOARGS,
     "_read($self, /)\n--\n\n"
     "The series: a list of (labels, value ...) as its kind has them; labels are a tuple of values, None for the\n"
     "series that label sets past a limit share.\n\n"
     "Counter: value, created, exemplar. Gauge: value. Histogram: counts by bucket, sum, created, exemplars by "
     "bucket.\n"
     "Summary: count, sum, created, quantiles. Info: facts. StateSet: index of the state."},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"_labelnames", Guarded<&TextTuple<&FamilyDefinition::label_names>>, nullptr, "The names of the labels.", nullptr},
    {"_states", Guarded<&TextTuple<&FamilyDefinition::states>>, nullptr, "The states of a state set.", nullptr},
    {"_bounds", Guarded<&Bounds>, nullptr, "The upper bounds of a histogram's buckets, without infinity.", nullptr},
    {"_family_key", Guarded<&FamilyKey>, nullptr, "A number that a parent and its children share.", nullptr},
    {"_attributes", Guarded<&AttributesOf>, nullptr, "A new dict of a child's attributes; empty where it has none.",
     nullptr},
    {"_labelvalues", Guarded<&LabelValues>, nullptr, "A child's label values; empty for a parent.", nullptr},
    {"_name", Guarded<&Text<&FamilyDefinition::name>>, nullptr, "The family's name, without the suffix of its samples.",
     nullptr},
    {"_documentation", Guarded<&Text<&FamilyDefinition::help>>, nullptr, "The help text.", nullptr},
    {"_unit", Guarded<&Text<&FamilyDefinition::unit>>, nullptr, "The unit, or an empty text.", nullptr},
    {"_is_overflow", Guarded<&IsOverflow>, nullptr, "Whether it is the series that label sets past a limit share.",
     nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

PyObject* MakeChild(InstrumentObject* parent, PyObject* label_values, std::shared_ptr<Series> series) {
  PyObject* object = New(Py_TYPE(parent), nullptr, nullptr);
  if (object == nullptr) return nullptr;
  InstrumentObject* child = AsInstrument(object);
  child->family = parent->family;
  child->label_values = Py_NewRef(label_values);
  child->is_set_only = parent->is_set_only;
  UseSeries(child, std::move(series));
  if (!BeginChild(object, parent)) Py_CLEAR(object);
  return object;
}

PyObject* OverflowChild(InstrumentObject* parent) {
  while (parent->overflow == nullptr) {
    const OwnedRef values(PyTuple_New(0));
    if (!values) return nullptr;
    OwnedRef child(MakeChild(parent, values.get(), parent->family->overflow()));
    if (!child) return nullptr;
    // Making it may have run anything: also this, or clear(), after which it is the child of a series that is no more.
    const bool is_current = AsInstrument(child.get())->series == parent->family->overflow();
    if (parent->overflow == nullptr && is_current) parent->overflow = child.release();
  }
  return Py_NewRef(parent->overflow);
}

SeriesRecord* UnusualRecordOf(InstrumentObject* self) {
  if (self->is_frozen) {
    // As large as any series of a gauge, and nobody's.
    static SeriesRecord ignored;
    return &ignored;
  }
  if (self->record != nullptr) {
    self->series->Touch();
    return self->record;
  }
  if (self->family == nullptr) {
    PyErr_SetString(PyExc_ValueError, "the metric was not defined: its __init__ has not run");
  } else {
    PyErr_Format(PyExc_ValueError, "%.200s: metric is missing label values", self->family->definition().name.c_str());
  }
  return nullptr;
}

SeriesToPython ReaderOf(InstrumentKind kind) {
  for (const TypeOfKind& known : Types()) {
    if (known.kind == kind) return known.to_python;
  }
  return nullptr;
}

bool AddInstrumentBase(PyObject* module) {
  instrument_type.tp_flags |= Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC;
  instrument_type.tp_new = Guarded<&New>;
  instrument_type.tp_traverse = &Traverse;
  instrument_type.tp_clear = &ClearReferences;
  instrument_type.tp_dealloc = &Dealloc;
  instrument_type.tp_methods = methods;
  instrument_type.tp_getset = properties;
  return PyModule_AddType(module, &instrument_type) == 0;
}

bool AddInstrumentType(PyObject* module, PyTypeObject& type, InstrumentKind kind, PyMethodDef* own_methods,
                       SeriesToPython to_python) {
  type.tp_flags |= Py_TPFLAGS_BASETYPE;
  type.tp_base = &instrument_type;
  type.tp_methods = own_methods;
  Types().push_back({&type, kind, to_python});
  return PyModule_AddType(module, &type) == 0;
}

}  // namespace toolvitals
