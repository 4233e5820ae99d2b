// Series as they are written, and which of those of before can be taken over.
// Floor: bindings.
#include "bindings/value_sink.h"

#include <algorithm>
#include <bit>
#include <string_view>

#include "bindings/attribute_values.h"
#include "render/type_name.h"

namespace toolvitals {
namespace {

// Places of fields, in the order of value_types.cc.
constexpr size_t kFamilySeries = 4;
constexpr size_t kSeriesLabels = 0;
constexpr size_t kSeriesAttributes = 5;

// Bit for bit: NaN too is what it was.
bool IsSame(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }
bool IsSame(const Number& a, const Number& b) { return a.is_whole == b.is_whole && a.whole == b.whole; }
bool IsSame(const std::shared_ptr<const NativeHistogram>& a, const std::shared_ptr<const NativeHistogram>& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

template <typename Value>
bool AreSame(const std::vector<Value>& a, const std::vector<Value>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Value& one, const Value& other) { return IsSame(one, other); });
}

// What is compared by address is shared from one snapshot to the next for as long as it stays the same.
bool IsWhatItWas(const FamilySnapshot& now, const FamilySnapshot& before) {
  return now.info == before.info && now.labels == before.labels && now.counts == before.counts &&
         now.created_us == before.created_us && now.timestamps_ms == before.timestamps_ms && now.quantiles.empty() &&
         before.quantiles.empty() && now.bounds.empty() && before.bounds.empty() && now.exemplars.empty() &&
         before.exemplars.empty() && AreSame(now.values, before.values) && AreSame(now.sums, before.sums) &&
         AreSame(now.natives, before.natives);
}

}  // namespace

ValueSink::ValueSink(const ValueTypes& types, const FamiliesBefore* before)
    : types_(types), before_(before), families_(NewFrozenDict(types)), no_exemplars_(PyTuple_New(0)) {
  failed_ = !families_ || !no_exemplars_;
}

ValueSink::~ValueSink() {
  for (PyObject* series : series_) Py_XDECREF(series);
}

PyObject* ValueSink::Take() { return failed_ ? nullptr : families_.release(); }

EncodedLabels ValueSink::Encode(std::span<const Label> labels) {
  const size_t begin = encoded_.size();
  for (const Label& label : labels) {
    encoded_.emplace_back(OwnedRef(ToPython(label.name)), OwnedRef(ToPython(label.value)));
    failed_ = failed_ || !encoded_.back().first || !encoded_.back().second;
  }
  return {begin, encoded_.size()};
}

void ValueSink::Begin(const FamilyHead& head) {
  if (failed_) return;
  const std::string full_name = std::string(head.prefix).append(head.name);
  name_ = OwnedRef(ToPython(full_name));
  type_ = OwnedRef(ToPython(TypeName(head.type, /*open_metrics=*/true)));
  unit_ = OwnedRef(ToPython(head.unit));
  help_ = OwnedRef(ToPython(head.help));
  failed_ = !name_ || !type_ || !unit_ || !help_;
  if (!failed_) FindBefore(name_.get(), full_name, head.type);
}

void ValueSink::FindBefore(PyObject* name, std::string_view text, FamilyType type) {
  family_before_ = nullptr;
  if (before_ == nullptr) return;
  const std::vector<FamilySnapshot>& families = before_->snapshot->families;
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const FamilySnapshot& family) { return family.info->name == text; });
  if (found == families.end() || found->info->type != type) return;
  PyObject* const family = ObjectBefore(name);
  if (family == nullptr) return;
  series_before_ = types_.family.Get(family, kFamilySeries);
  // Where a family of ours had that name, its series are others.
  if (PyTuple_GET_SIZE(series_before_) == static_cast<Py_ssize_t>(found->size())) family_before_ = &*found;
}

PyObject* ValueSink::ObjectBefore(PyObject* name) const {
  PyObject* const family = PyDict_GetItemWithError(before_->families.get(), name);
  if (family == nullptr) PyErr_Clear();
  return family;
}

bool ValueSink::TakeWhole(const FamilySnapshot& family) {
  OwnedRef name(failed_ || before_ == nullptr ? nullptr : ToPython(family.info->name));
  if (!name) {
    PyErr_Clear();
    return false;
  }
  FindBefore(name.get(), family.info->name, family.info->type);
  if (family_before_ == nullptr || !IsWhatItWas(family, *family_before_)) return false;
  PyObject* const object = ObjectBefore(name.get());
  failed_ = !SetItem(families_.get(), name.release(), Py_NewRef(object));
  return true;
}

PyObject* ValueSink::SeriesBefore(const SeriesLabels& labels) const {
  const size_t next = series_.size();
  if (family_before_ == nullptr || next >= family_before_->size()) return nullptr;
  if ((*family_before_->labels)[next].get() != labels.set) return nullptr;
  return PyTuple_GET_ITEM(series_before_, static_cast<Py_ssize_t>(next));
}

bool ValueSink::HasSameMarks(const SeriesLabels& labels) const {
  const size_t next = series_.size();
  const FamilySnapshot& before = *family_before_;
  const SeriesMarks none;
  const SeriesMarks& marks = labels.marks == nullptr ? none : *labels.marks;
  const int64_t created_us = before.created_us.empty() ? 0 : before.created_us[next];
  const int64_t timestamp_ms = before.timestamps_ms.empty() ? FamilySnapshot::kNoTimestamp : before.timestamps_ms[next];
  return marks.created_us == created_us && marks.timestamp_ms == timestamp_ms && marks.exemplars.empty() &&
         before.exemplars.empty();
}

bool ValueSink::HasSameValue(Number value) const { return IsSame(family_before_->values[series_.size()], value); }

bool ValueSink::HasSameValue(const HistogramValue& value) const {
  const size_t next = series_.size();
  const FamilySnapshot& before = *family_before_;
  const size_t size = value.buckets.size();
  // Where bounds differ from series to series, where a row begins is not known without those before it.
  if (!before.bounds.empty() || before.counts.size() != size * before.size()) return false;
  if (!std::equal(value.bounds.begin(), value.bounds.end(), before.info->bounds.begin(), before.info->bounds.end()) ||
      !std::equal(value.buckets.begin(), value.buckets.end(),
                  before.counts.begin() + static_cast<ptrdiff_t>(next * size))) {
    return false;
  }
  const NativeHistogram* native = before.natives.empty() ? nullptr : before.natives[next].get();
  if ((native == nullptr) != (value.native == nullptr) || (native != nullptr && *native != *value.native)) return false;
  return IsSame(before.sums[next], value.sum);
}

template <typename Shown>
bool ValueSink::TakeOver(const SeriesLabels& labels, const Shown& value) {
  PyObject* const before = SeriesBefore(labels);
  if (failed_ || before == nullptr || !HasSameMarks(labels) || !HasSameValue(value)) return false;
  series_.push_back(Py_NewRef(before));
  return true;
}

void ValueSink::End() {
  if (failed_) return;
  PyObject* const series = NewTuple(series_);
  PyObject* const name = name_.get();
  PyObject* const family =
      types_.family.New({Py_NewRef(name), type_.release(), unit_.release(), help_.release(), series});
  failed_ = !SetItem(families_.get(), name_.release(), family);
}

void ValueSink::Add(const SeriesLabels& labels, PyObject* value) {
  if (failed_) {
    Py_XDECREF(value);
    return;
  }
  const SeriesMarks* marks = labels.marks;
  const bool timed = marks != nullptr && marks->timestamp_ms != FamilySnapshot::kNoTimestamp;
  PyObject* const series = types_.series.New(
      {LabelsOf(labels), value, marks == nullptr ? Py_NewRef(Py_None) : NewSeconds(marks->created_us),
       timed ? PyFloat_FromDouble(static_cast<double>(marks->timestamp_ms) / 1e3) : Py_NewRef(Py_None),
       marks == nullptr || marks->exemplars.empty() ? Py_NewRef(no_exemplars_.get()) : Exemplars(*marks),
       AttributesOf(labels)});
  failed_ = series == nullptr;
  if (!failed_) series_.push_back(series);
}

PyObject* ValueSink::LabelsOf(const SeriesLabels& labels) {
  if (PyObject* before = SeriesBefore(labels)) return Py_NewRef(types_.series.Get(before, kSeriesLabels));
  if (labels.set != nullptr) return LabelsOf(labels.set->pairs);
  OwnedRef dict(NewFrozenDict(types_));
  if (!dict) return nullptr;
  for (const EncodedLabels& range : {labels.shared, labels.own}) {
    for (size_t i = range.begin; i < range.end; ++i) {
      if (PyDict_SetItem(dict.get(), encoded_[i].first.get(), encoded_[i].second.get()) != 0) return nullptr;
    }
  }
  return dict.release();
}

PyObject* ValueSink::AttributesOf(const SeriesLabels& labels) {
  if (labels.set == nullptr || !labels.set->attributes.has_value()) return Py_NewRef(Py_None);
  if (PyObject* before = SeriesBefore(labels)) return Py_NewRef(types_.series.Get(before, kSeriesAttributes));
  OwnedRef dict(NewFrozenDict(types_));
  return dict && SetAttributes(dict.get(), *labels.set->attributes, types_.nan) ? dict.release() : nullptr;
}

PyObject* ValueSink::LabelsOf(const LabelSet::Pairs& pairs) {
  OwnedRef dict(NewFrozenDict(types_));
  if (!dict) return nullptr;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!SetItem(dict.get(), NameAt(i, pairs[i].first), ToPython(pairs[i].second))) return nullptr;
  }
  return dict.release();
}

PyObject* ValueSink::NameAt(size_t place, const std::string& name) {
  if (place >= names_.size()) names_.resize(place + 1);
  auto& [known, object] = names_[place];
  if (!object || known != name) {
    known = name;
    object = OwnedRef(ToPython(name));
  }
  return Py_XNewRef(object.get());
}

void ValueSink::Value(const SeriesLabels& labels, Number value) {
  if (!TakeOver(labels, value)) Add(labels, NewNumber(types_, value));
}

void ValueSink::Info(const SeriesLabels& labels) { Add(labels, PyLong_FromLong(1)); }

void ValueSink::Histogram(const SeriesLabels& labels, const HistogramValue& value) {
  if (TakeOver(labels, value)) return;
  // Some have no buckets but those of their native histogram.
  const size_t bounds = std::min(value.bounds.size(), value.buckets.empty() ? 0 : value.buckets.size() - 1);
  Add(labels, types_.histogram.New({Bounds(value.bounds.first(bounds)), NewTuple(value.buckets),
                                    NewFloatOrNone(value.sum), Native(value.native)}));
}

PyObject* ValueSink::Bounds(std::span<const double> bounds) {
  if (!bounds_ || !std::equal(bounds.begin(), bounds.end(), bounds_values_.begin(), bounds_values_.end())) {
    bounds_values_.assign(bounds.begin(), bounds.end());
    bounds_ = OwnedRef(NewTuple(bounds));
  }
  return Py_XNewRef(bounds_.get());
}

PyObject* ValueSink::Native(const NativeHistogram* native) {
  if (native == nullptr) return Py_NewRef(Py_None);
  return types_.native_histogram.New({PyLong_FromLong(native->schema), PyFloat_FromDouble(native->zero_threshold),
                                      NewUnsigned(native->zero_count),
                                      NativeBuckets(native->positive, native->infinite_index),
                                      NativeBuckets(native->negative, native->infinite_index)});
}

// Without the empty buckets.
PyObject* ValueSink::NativeBuckets(const toolvitals::NativeBuckets& buckets, int32_t infinite_index) {
  OwnedRef dict(NewFrozenDict(types_));
  if (!dict) return nullptr;
  const auto set = [&](int64_t index, uint64_t count) {
    return count == 0 || SetItem(dict.get(), PyLong_FromLongLong(index), NewUnsigned(count));
  };
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    if (!set(int64_t{buckets.first_index} + static_cast<int64_t>(i), buckets.counts[i])) return nullptr;
  }
  return set(infinite_index, buckets.infinite) ? dict.release() : nullptr;
}

PyObject* ValueSink::Exemplars(const SeriesMarks& marks) {
  std::vector<PyObject*> exemplars;
  for (const FamilySnapshot::PlacedExemplar& placed : marks.exemplars) {
    const Exemplar& exemplar = placed.exemplar;
    OwnedRef labels(NewFrozenDict(types_));
    for (const auto& [name, value] : exemplar.labels) {
      if (!labels || !SetItem(labels.get(), ToPython(name), ToPython(value))) labels = OwnedRef();
    }
    exemplars.push_back(
        types_.exemplar.New({labels.release(), NewFloat(types_, exemplar.value), NewSeconds(exemplar.timestamp_us)}));
  }
  return NewTuple(exemplars);
}

void ValueSink::Summary(const SeriesLabels& labels, const SummaryValue& value) {
  OwnedRef quantiles(NewFrozenDict(types_));
  for (const QuantileValue& quantile : value.quantiles) {
    if (!quantiles ||
        !SetItem(quantiles.get(), PyFloat_FromDouble(quantile.quantile), NewFloat(types_, quantile.value))) {
      quantiles = OwnedRef();
    }
  }
  Add(labels, types_.summary.New({NewUnsigned(value.count), NewFloatOrNone(value.sum), quantiles.release()}));
}

void ValueSink::StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                         std::span<const Number> values) {
  OwnedRef found(NewFrozenDict(types_));
  for (size_t i = 0; i < states.size(); ++i) {
    PyObject* const is_on = values[i].AsDouble() != 0 ? Py_True : Py_False;
    if (!found || !SetItem(found.get(), ToPython(states[i]), Py_NewRef(is_on))) found = OwnedRef();
  }
  Add(labels, types_.states.New({found.release()}));
}

}  // namespace toolvitals
