// Making the tuples that a native histogram is in Python. Floor: bindings.
#include "bindings/native_values.h"

#include <memory>
#include <vector>

#include "bindings/instrument_values.h"
#include "kinds/histogram_kind.h"
#include "render/native_runs.h"

namespace toolvitals {
namespace {

template <typename Item, typename Make>
PyObject* TupleOf(const std::vector<Item>& items, Make make) {
  OwnedRef tuple(PyTuple_New(static_cast<Py_ssize_t>(items.size())));
  for (size_t i = 0; tuple && i < items.size(); ++i) {
    PyObject* made = make(items[i]);
    if (made == nullptr) return nullptr;
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), made);
  }
  return tuple.release();
}

PyObject* Spans(const std::vector<NativeRun>& runs) {
  return TupleOf(SpansOf(runs), [](const NativeSpan& span) {
    return Py_BuildValue("(LK)", static_cast<long long>(span.offset), static_cast<unsigned long long>(span.length));
  });
}

PyObject* Deltas(const std::vector<NativeRun>& runs) {
  return TupleOf(DeltasOf(runs), [](int64_t delta) { return PyLong_FromLongLong(delta); });
}

PyObject* NativeToPython(const NativeHistogram& native, double sum, PyObject* labels) {
  const std::vector<NativeRun> positive = RunsOf(native.positive, native.infinite_index);
  const std::vector<NativeRun> negative = RunsOf(native.negative, native.infinite_index);
  return Py_BuildValue("(OKdidKNNNN)", labels, static_cast<unsigned long long>(native.total()), sum,
                       static_cast<int>(native.schema), native.zero_threshold,
                       static_cast<unsigned long long>(native.zero_count), Spans(positive), Spans(negative),
                       Deltas(positive), Deltas(negative));
}

}  // namespace

PyObject* NativesToPython(PyObject* object, PyObject*) {
  InstrumentObject* self = AsInstrument(object);
  OwnedRef list(PyList_New(0));
  if (!list || self->family == nullptr) return list.release();
  // Held while they are read, outside the mutex: making objects may run code that records.
  const std::shared_ptr<Family> family = self->family;
  const std::vector<std::shared_ptr<Series>> all =
      self->series == nullptr ? family->All() : std::vector<std::shared_ptr<Series>>{self->series};
  for (const std::shared_ptr<Series>& series : all) {
    const std::shared_ptr<const NativeHistogram> native = ReadNative(family->segment(), series->record());
    if (native == nullptr) continue;
    const OwnedRef labels(LabelsToPython(*family, *series));
    const OwnedRef row(labels ? NativeToPython(*native, series->histogram().classic.Sum(), labels.get()) : nullptr);
    if (!row || PyList_Append(list.get(), row.get()) != 0) return nullptr;
  }
  return list.release();
}

}  // namespace toolvitals
