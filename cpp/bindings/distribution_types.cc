// HistogramBase and SummaryBase: observe amounts.
// Floor: bindings.
#include <array>
#include <cmath>

#include "bindings/arguments.h"
#include "bindings/drops.h"
#include "bindings/exemplars.h"
#include "bindings/guard.h"
#include "bindings/instrument_type.h"
#include "bindings/instrument_values.h"
#include "bindings/native_values.h"
#include "bindings/part_methods.h"
#include "collector/collector.h"
#include "kinds/series_exemplars.h"
#include "kinds/summary_kind.h"

namespace toolvitals {
namespace {

PyTypeObject histogram_type =
    BlankType("toolvitals._core.HistogramBase", sizeof(InstrumentObject), "A histogram's series or its family.");
PyTypeObject summary_type =
    BlankType("toolvitals._core.SummaryBase", sizeof(InstrumentObject), "A summary's series or its family.");

std::array<PyObject*, 2> histogram_argument_names;
std::array<PyObject*, 1> summary_argument_names;

// A sum that once was NaN would stay so, whatever is observed afterwards.
PyObject* DropNan(PyObject* amount) {
  return Drop(DropReason::kValueNotFinite, PyExc_ValueError, "%R cannot be observed", amount);
}

PyObject* ObserveHistogram(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  InstrumentObject* self = AsInstrument(object);
  SeriesRecord* record = RecordOf(self);
  if (record == nullptr) [[unlikely]]
    return nullptr;
  std::array<PyObject*, 2> places{};
  if (count == 1 && keywords == nullptr) [[likely]] {
    places[0] = args[0];
  } else if (!PlaceArguments(histogram_argument_names, args, count, keywords, places) || places[0] == nullptr) {
    PyErr_SetString(PyExc_TypeError, "observe() takes amount and exemplar, each once");
    return nullptr;
  }
  double amount = 0;
  if (!ToAmount(places[0], &amount)) return nullptr;
  if (std::isnan(amount)) [[unlikely]]
    return DropNan(places[0]);
  const size_t bucket = self->family->bounds().BucketOf(amount);
  record->As<HistogramSeriesCell>().Observe<kPythonWriters>(self->family->segment(), bucket, amount);
  if ((places[1] != nullptr || SamplesExemplars()) && !KeepExemplar(self, bucket, amount, places[1])) return nullptr;
  Py_RETURN_NONE;
}

PyObject* ObserveSummary(PyObject* object, PyObject* const* args, Py_ssize_t count, PyObject* keywords) {
  InstrumentObject* self = AsInstrument(object);
  SeriesRecord* record = RecordOf(self);
  if (record == nullptr) [[unlikely]]
    return nullptr;
  std::array<PyObject*, 1> places{};
  if (!PlaceArguments(summary_argument_names, args, count, keywords, places) || places[0] == nullptr) [[unlikely]] {
    PyErr_SetString(PyExc_TypeError, "observe() takes amount, once");
    return nullptr;
  }
  double amount = 0;
  if (!ToAmount(places[0], &amount)) return nullptr;
  if (std::isnan(amount)) [[unlikely]]
    return DropNan(places[0]);
  SummarySeriesCell& cell = record->As<SummarySeriesCell>();
  if (self->family->definition().window_size != 0) {
    const Offset ring = cell.window.ring.load(std::memory_order_relaxed);
    cell.window.Record<kPythonWriters>(*self->family->segment().At<RingRecord>(ring), amount);
  }
  cell.Observe<kPythonWriters>(amount);
  Py_RETURN_NONE;
}

PyMethodDef histogram_methods[] = {
    {"observe", AsMethod(GuardedRecord<&ObserveHistogram>), METH_FASTCALL | METH_KEYWORDS,
     "observe($self, /, amount, exemplar=None)\n--\n\n"
     "Counts an amount in its bucket and adds it to the sum. `exemplar` is a dict of labels that name what was "
     "observed,\n"
     "128 characters at most.\n\n"
     "ValueError for a metric whose labels are missing; NaN is dropped and counted in\n"
     "toolvitals_dropped_records_total. Thread-safe."},
    {"_add", Guarded<&AddToHistogram>, METH_VARARGS,
     "_add($self, bucket, count, amount, /)\n--\n\n"
     "Adds to a bucket, which may be less than nothing, and to the sum. From then on the series has no native "
     "histogram."},
    {"_set_sum", Guarded<&SetSumOfHistogram>, METH_O, "_set_sum($self, amount, /)\n--\n\nSets the sum."},
    {"_keep_exemplar", Guarded<&KeepExemplarOf>, METH_VARARGS,
     "_keep_exemplar($self, bucket, amount, labels, /)\n--\n\nKeeps an exemplar of a bucket; a counter has one, 0."},
    {"_read_natives", Guarded<&NativesToPython>, METH_NOARGS,
     "_read_natives($self, /)\n--\n\n"
     "The native histograms: a list of (labels, count, sum, schema, zero threshold, zero count, positive spans, "
     "negative\n"
     "spans, positive deltas, negative deltas), with labels as _read() has them. A series without one is not there."},
    {nullptr, nullptr, 0, nullptr},
};

PyMethodDef summary_methods[] = {
    {"observe", AsMethod(GuardedRecord<&ObserveSummary>), METH_FASTCALL | METH_KEYWORDS,
     "observe($self, /, amount)\n--\n\n"
     "Counts an amount and adds it to the sum. ValueError for a metric whose labels are missing; NaN is dropped and\n"
     "counted in toolvitals_dropped_records_total. Thread-safe."},
    {"_add", Guarded<&AddToSummary>, METH_VARARGS,
     "_add($self, count, amount, /)\n--\n\nAdds to the count, which may be less than nothing, and to the sum."},
    {"_set_sum", Guarded<&SetSumOfSummary>, METH_O, "_set_sum($self, amount, /)\n--\n\nSets the sum."},
    {nullptr, nullptr, 0, nullptr},
};

PyObject* HistogramToPython(Family& family, Series& series, PyObject* labels) {
  std::vector<uint64_t> counts(family.bounds().buckets());
  const HistogramCell& cell = series.histogram().classic;
  cell.Collect(counts);
  const double sum = cell.Sum();
  OwnedRef list(PyList_New(static_cast<Py_ssize_t>(counts.size())));
  for (size_t i = 0; list && i < counts.size(); ++i) {
    PyObject* count = PyLong_FromUnsignedLongLong(counts[i]);
    if (count == nullptr) return nullptr;
    PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(i), count);
  }
  OwnedRef exemplars(PyDict_New());
  if (!list || !exemplars) return nullptr;
  for (size_t i = 0; i < counts.size(); ++i) {
    const std::optional<Exemplar> exemplar = ReadExemplar(family.segment(), series.record(), i);
    if (!exemplar.has_value()) continue;
    const OwnedRef bucket(PyLong_FromSize_t(i));
    const OwnedRef value(ExemplarToPython(*exemplar));
    if (!bucket || !value || PyDict_SetItem(exemplars.get(), bucket.get(), value.get()) != 0) return nullptr;
  }
  return Py_BuildValue("(OOdNO)", labels, list.get(), sum, Created(series), exemplars.get());
}

PyObject* SummaryToPython(Family& family, Series& series, PyObject* labels) {
  const SummarySeriesCell& cell = series.summary();
  const uint64_t count = cell.count.load(std::memory_order_relaxed);
  const double sum = LoadDouble(cell.sum);
  OwnedRef quantiles(PyList_New(0));
  if (!quantiles) return nullptr;
  const FamilyDefinition& definition = family.definition();
  if (definition.window_size != 0) {
    for (const QuantileValue& quantile : QuantilesOf(definition, ReadWindow(family.segment(), definition, cell.window),
                                                     Collector::Global().quantile_method())) {
      const OwnedRef pair(Py_BuildValue("(dd)", quantile.quantile, quantile.value));
      if (!pair || PyList_Append(quantiles.get(), pair.get()) != 0) return nullptr;
    }
  }
  return Py_BuildValue("(OKdNO)", labels, static_cast<unsigned long long>(count), sum, Created(series),
                       quantiles.get());
}

}  // namespace

bool AddHistogramType(PyObject* module) {
  return InternAll({"amount", "exemplar"}, histogram_argument_names) &&
         AddInstrumentType(module, histogram_type, InstrumentKind::kHistogram, histogram_methods, &HistogramToPython);
}

bool AddSummaryType(PyObject* module) {
  return InternAll({"amount"}, summary_argument_names) &&
         AddInstrumentType(module, summary_type, InstrumentKind::kSummary, summary_methods, &SummaryToPython);
}

}  // namespace toolvitals
