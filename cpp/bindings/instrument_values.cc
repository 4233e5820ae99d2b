// Reading _define()'s arguments, and making what _read() returns. Floor: bindings.
#include "bindings/instrument_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "bindings/attribute_values.h"
#include "bindings/instrument_type.h"
#include "kinds/packed_attributes.h"

namespace toolvitals {
namespace {

constexpr double kMicrosPerSecond = 1e6;
constexpr double kNanosPerSecond = 1e9;

bool ToStrings(PyObject* iterable, std::vector<std::string>& strings) {
  const OwnedRef items(PySequence_Tuple(iterable));
  if (!items) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items.get()); ++i) {
    PyObject* item = PyTuple_GET_ITEM(items.get(), i);
    Py_ssize_t size = 0;
    const char* text = PyUnicode_Check(item) ? PyUnicode_AsUTF8AndSize(item, &size) : nullptr;
    if (text == nullptr) {
      if (PyErr_Occurred() == nullptr) PyErr_Format(PyExc_TypeError, "expected str, not %R", item);
      return false;
    }
    strings.emplace_back(text, static_cast<size_t>(size));
  }
  return true;
}

bool ToDoubles(PyObject* iterable, std::vector<double>& numbers) {
  const OwnedRef items(PySequence_Tuple(iterable));
  if (!items) return false;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(items.get()); ++i) {
    const double number = PyFloat_AsDouble(PyTuple_GET_ITEM(items.get(), i));
    if (number == -1.0 && PyErr_Occurred() != nullptr) return false;
    numbers.push_back(number);
  }
  return true;
}

// By the names that prometheus_client gives them.
bool ToGaugeMode(std::string_view name, GaugeMode& mode) {
  constexpr std::array<std::string_view, kGaugeModes> kNames = {
      "all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent"};
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) {
    PyErr_SetString(PyExc_ValueError, "unknown gauge_mode");
    return false;
  }
  mode = static_cast<GaugeMode>(found - kNames.begin());
  return true;
}

// A time to live, of which a fraction of a nanosecond is one.
bool ToNanos(double seconds, uint64_t& nanos) {
  // More than thirty years; as nanoseconds it is far from the end of 64 bits.
  constexpr double kMaxSeconds = 1e9;
  if (!(seconds >= 0 && seconds <= kMaxSeconds)) {
    const OwnedRef value(PyFloat_FromDouble(seconds));
    if (value) {
      PyErr_Format(PyExc_ValueError, "ttl_s=%R is not allowed: it must be a number of seconds from 0, for ever, to 1e9",
                   value.get());
    }
    return false;
  }
  nanos = static_cast<uint64_t>(std::ceil(seconds * kNanosPerSecond));
  return true;
}

}  // namespace

std::optional<std::pair<FamilyDefinition, FamilyOptions>> DefinitionFromPython(InstrumentKind kind, PyObject* args,
                                                                               PyObject* keywords) {
  static const char* names[] = {"",
                                "",
                                "",
                                "",
                                "bounds",
                                "states",
                                "quantiles",
                                "window_size",
                                "ttl_s",
                                "max_series",
                                "native",
                                "native_schema",
                                "native_max_buckets",
                                "native_zero_threshold",
                                "gauge_mode",
                                "open",
                                nullptr};
  std::pair<FamilyDefinition, FamilyOptions> made;
  FamilyDefinition& definition = made.first;
  definition.kind = kind;
  const char* name = nullptr;
  const char* help = nullptr;
  const char* unit = nullptr;
  Py_ssize_t name_bytes = 0, help_bytes = 0, unit_bytes = 0;
  PyObject *label_names = nullptr, *bounds = nullptr, *states = nullptr, *quantiles = nullptr;
  double ttl_s = 0;
  unsigned long long window_size = 0, max_series = 0, max_buckets = definition.buckets.max_buckets;
  const char* gauge_mode = "all";
  int native = 0, open = 0, schema = definition.buckets.schema;
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "s#s#s#O|$OOOKdKpiKdsp:_define", const_cast<char**>(names), &name,
                                   &name_bytes, &help, &help_bytes, &unit, &unit_bytes, &label_names, &bounds, &states,
                                   &quantiles, &window_size, &ttl_s, &max_series, &native, &schema, &max_buckets,
                                   &definition.buckets.zero_threshold, &gauge_mode, &open)) {
    return std::nullopt;
  }
  definition.name.assign(name, static_cast<size_t>(name_bytes));
  definition.help.assign(help, static_cast<size_t>(help_bytes));
  definition.unit.assign(unit, static_cast<size_t>(unit_bytes));
  if (!ToStrings(label_names, definition.label_names) || (bounds != nullptr && !ToDoubles(bounds, definition.bounds)) ||
      (states != nullptr && !ToStrings(states, definition.states)) ||
      (quantiles != nullptr && !ToDoubles(quantiles, definition.quantiles))) {
    return std::nullopt;
  }
  if (!ToGaugeMode(gauge_mode, definition.gauge_mode) || !ToNanos(ttl_s, definition.ttl_ns)) return std::nullopt;
  definition.window_size = window_size;
  definition.exponential = native != 0;
  definition.is_open = open != 0;
  definition.buckets.schema = schema;
  definition.buckets.max_buckets = max_buckets;
  made.second.max_series = max_series;
  return made;
}

PyObject* ToPython(const Number& number) {
  return number.is_whole ? PyLong_FromUnsignedLongLong(number.whole) : PyFloat_FromDouble(number.real);
}

PyObject* Created(const Series& series) {
  return PyFloat_FromDouble(static_cast<double>(series.record().created_us.load(std::memory_order_relaxed)) /
                            kMicrosPerSecond);
}

// (labels, value, Unix time in seconds), or None; a new reference.
PyObject* ExemplarToPython(const Exemplar& exemplar) {
  const OwnedRef labels(PyDict_New());
  if (!labels) return nullptr;
  for (const auto& [name, value] : exemplar.labels) {
    const OwnedRef text(toolvitals::ToPython(value));
    const OwnedRef key(toolvitals::ToPython(name));
    if (!key || !text || PyDict_SetItem(labels.get(), key.get(), text.get()) != 0) return nullptr;
  }
  return Py_BuildValue("(Odd)", labels.get(), exemplar.value,
                       static_cast<double>(exemplar.timestamp_us) / kMicrosPerSecond);
}

PyObject* ValuesToPython(Family& family, Series& series, PyObject* labels) {
  const SeriesToPython to_python = ReaderOf(family.definition().kind);
  if (to_python != nullptr) return to_python(family, series, labels);
  PyErr_SetString(PyExc_ValueError, "the metric was not defined");
  return nullptr;
}

PyObject* LabelsToPython(const Family& family, const Series& series) {
  if (series.is_overflow()) return Py_NewRef(Py_None);
  const std::vector<std::string> values = family.ValuesOf(series);
  if (family.definition().is_open) return AttributesToPython(AttributesOf(values).value_or(Attributes()));
  OwnedRef labels(PyTuple_New(static_cast<Py_ssize_t>(values.size())));
  for (size_t i = 0; labels && i < values.size(); ++i) {
    PyObject* value = toolvitals::ToPython(values[i]);
    if (value == nullptr) return nullptr;
    PyTuple_SET_ITEM(labels.get(), static_cast<Py_ssize_t>(i), value);
  }
  return labels.release();
}

PyObject* AllToPython(Family& family) {
  // Held while they are read, outside the mutex: making objects may run code that records.
  const std::vector<std::shared_ptr<Series>> all = family.All();
  OwnedRef list(PyList_New(0));
  if (!list) return nullptr;
  for (const std::shared_ptr<Series>& series : all) {
    const OwnedRef labels(LabelsToPython(family, *series));
    const OwnedRef values(labels ? ValuesToPython(family, *series, labels.get()) : nullptr);
    if (!values || PyList_Append(list.get(), values.get()) != 0) return nullptr;
  }
  return list.release();
}

}  // namespace toolvitals
