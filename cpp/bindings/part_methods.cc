// Adding to one bucket, setting a sum, keeping an exemplar: what subclasses in Python ask for. Floor: bindings.
#include "bindings/part_methods.h"

#include <bit>
#include <cstdint>

#include "bindings/exemplars.h"
#include "bindings/instrument_type.h"

namespace toolvitals {
namespace {

bool IsBucket(const InstrumentObject* self, Py_ssize_t bucket) {
  const FamilyDefinition& definition = self->family->definition();
  const size_t buckets = definition.kind == InstrumentKind::kHistogram ? self->family->bounds().buckets() : 1;
  if (bucket >= 0 && static_cast<size_t>(bucket) < buckets) return true;
  PyErr_Format(PyExc_IndexError, "buckets are 0 to %zu, not %zd", buckets - 1, bucket);
  return false;
}

bool StoreSum(Word& sum, PyObject* amount) {
  double value = 0;
  if (!ToAmount(amount, &value)) return false;
  sum.store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed);
  return true;
}

}  // namespace

PyObject* AddToHistogram(PyObject* object, PyObject* args) {
  InstrumentObject* self = AsInstrument(object);
  Py_ssize_t bucket = 0;
  long long count = 0;
  double amount = 0;
  if (!PyArg_ParseTuple(args, "nLd:_add", &bucket, &count, &amount)) return nullptr;
  SeriesRecord* record = RecordOf(self);
  if (record == nullptr || !IsBucket(self, bucket)) return nullptr;
  HistogramSeriesCell& cell = record->As<HistogramSeriesCell>();
  const Offset exponential = cell.exponential.load(std::memory_order_relaxed);
  if (count != 0 && exponential != 0) {
    Add<kPythonWriters>(self->family->segment().At<ExponentialCell>(exponential)->unplaced, 1);
  }
  AddDouble<kPythonWriters>(cell.classic.sum_float, amount);
  Add<kPythonWriters>(cell.classic.buckets[bucket], static_cast<uint64_t>(count));
  Py_RETURN_NONE;
}

PyObject* SetSumOfHistogram(PyObject* object, PyObject* amount) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) return nullptr;
  HistogramCell& cell = record->As<HistogramSeriesCell>().classic;
  if (!StoreSum(cell.sum_float, amount)) return nullptr;
  cell.sum_integer.store(0, std::memory_order_relaxed);
  Py_RETURN_NONE;
}

PyObject* AddToSummary(PyObject* object, PyObject* args) {
  long long count = 0;
  double amount = 0;
  if (!PyArg_ParseTuple(args, "Ld:_add", &count, &amount)) return nullptr;
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr) return nullptr;
  SummarySeriesCell& cell = record->As<SummarySeriesCell>();
  AddDouble<kPythonWriters>(cell.sum, amount);
  Add<kPythonWriters>(cell.count, static_cast<uint64_t>(count));
  Py_RETURN_NONE;
}

PyObject* SetSumOfSummary(PyObject* object, PyObject* amount) {
  SeriesRecord* record = RecordOf(AsInstrument(object));
  if (record == nullptr || !StoreSum(record->As<SummarySeriesCell>().sum, amount)) return nullptr;
  Py_RETURN_NONE;
}

PyObject* KeepExemplarOf(PyObject* object, PyObject* args) {
  InstrumentObject* self = AsInstrument(object);
  Py_ssize_t bucket = 0;
  double amount = 0;
  PyObject* labels = nullptr;
  if (!PyArg_ParseTuple(args, "ndO!:_keep_exemplar", &bucket, &amount, &PyDict_Type, &labels)) return nullptr;
  if (RecordOf(self) == nullptr || !IsBucket(self, bucket)) return nullptr;
  if (!KeepExemplar(self, static_cast<size_t>(bucket), amount, labels)) return nullptr;
  Py_RETURN_NONE;
}

}  // namespace toolvitals
