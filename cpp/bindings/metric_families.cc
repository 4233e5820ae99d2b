// Reading the attributes of Metric objects and of their samples. Floor: bindings.
#include "bindings/metric_families.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bindings/gil.h"
#include "model/family_samples.h"

namespace py = pybind11;

namespace toolvitals {
namespace {

constexpr double kMillisPerSecond = 1e3;
constexpr double kMicrosPerSecond = 1e6;
// A gap between spans is written out as empty buckets; more than any real histogram has are refused.
constexpr int64_t kMaxNativeBuckets = 65'536;

// What UTF-8 cannot encode becomes a question mark.
std::string Text(const py::handle& object) {
  const py::str text = py::str(object);
  Py_ssize_t size = 0;
  if (const char* bytes = PyUnicode_AsUTF8AndSize(text.ptr(), &size)) return {bytes, static_cast<size_t>(size)};
  PyErr_Clear();
  PyObject* encoded = PyUnicode_AsEncodedString(text.ptr(), "utf-8", "replace");
  if (encoded == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::bytes>(encoded);
}

double Double(const py::handle& object) {
  const double value = PyFloat_AsDouble(object.ptr());
  if (value == -1.0 && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return value;
}

// Whole numbers stay exact where 64 bits hold them.
Number ToNumber(const py::handle& object) {
  if (PyLong_Check(object.ptr())) {
    const unsigned long long whole = PyLong_AsUnsignedLongLong(object.ptr());
    if (PyErr_Occurred() == nullptr) return Number(static_cast<uint64_t>(whole));
    PyErr_Clear();
  }
  return Number(Double(object));
}

int64_t Scaled(const py::handle& seconds, double scale) {
  const double scaled = Double(seconds) * scale;
  // Beyond the years that any format can tell.
  if (!(std::fabs(scaled) < 9.2e18)) throw py::value_error("a timestamp is out of range");
  return static_cast<int64_t>(std::llround(scaled));
}

LabelSet::Pairs ToPairs(const py::handle& labels) {
  LabelSet::Pairs pairs;
  for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(labels)) {
    pairs.emplace_back(Text(name), Text(value));
  }
  return pairs;
}

FamilyType TypeOf(const std::string& name) {
  static constexpr std::pair<std::string_view, FamilyType> kTypes[] = {
      {"counter", FamilyType::kCounter},     {"gauge", FamilyType::kGauge},
      {"histogram", FamilyType::kHistogram}, {"gaugehistogram", FamilyType::kGaugeHistogram},
      {"summary", FamilyType::kSummary},     {"info", FamilyType::kInfo},
      {"stateset", FamilyType::kStateSet}};
  for (const auto& [type_name, type] : kTypes) {
    if (name == type_name) return type;
  }
  return FamilyType::kUnknown;
}

Exemplar ToExemplar(const py::handle& object) {
  Exemplar exemplar;
  exemplar.labels = ToPairs(object.attr("labels"));
  exemplar.value = Double(object.attr("value"));
  const py::object timestamp = object.attr("timestamp");
  if (!timestamp.is_none()) exemplar.timestamp_us = Scaled(timestamp, kMicrosPerSecond);
  return exemplar;
}

// Spans of buckets and the difference of each bucket's count to the one before, as dense counts.
NativeBuckets ToBuckets(const py::handle& spans, const py::handle& deltas) {
  NativeBuckets buckets;
  if (spans.is_none() || deltas.is_none()) return buckets;
  int64_t index = 0;
  int64_t count = 0;
  auto delta = py::iter(deltas);
  for (const py::handle& span : spans) {
    index += span.attr("offset").cast<int64_t>();
    for (auto left = span.attr("length").cast<int64_t>(); left > 0; --left, ++index, ++delta) {
      if (delta == py::iterator::sentinel()) throw py::value_error("a native histogram has more buckets than deltas");
      count += (*delta).cast<int64_t>();
      if (count < 0) throw py::value_error("a native histogram has a bucket with a negative count");
      if (buckets.counts.empty()) buckets.first_index = static_cast<int32_t>(index);
      const int64_t size = index - buckets.first_index + 1;
      if (size < 0 || size > kMaxNativeBuckets) throw py::value_error("a native histogram spans too many buckets");
      buckets.counts.resize(static_cast<size_t>(size));
      buckets.counts.back() = static_cast<uint64_t>(count);
    }
  }
  return buckets;
}

std::shared_ptr<const NativeHistogram> ToNative(const py::handle& object) {
  auto native = std::make_shared<NativeHistogram>();
  native->schema = object.attr("schema").cast<int32_t>();
  native->zero_threshold = Double(object.attr("zero_threshold"));
  const double zeros = Double(object.attr("zero_count"));
  native->zero_count = zeros > 0 ? static_cast<uint64_t>(zeros) : 0;
  native->positive = ToBuckets(object.attr("pos_spans"), object.attr("pos_deltas"));
  native->negative = ToBuckets(object.attr("neg_spans"), object.attr("neg_deltas"));
  return native;
}

FamilySample ToSample(const py::handle& object) {
  FamilySample sample;
  sample.name = Text(object.attr("name"));
  sample.labels = ToPairs(object.attr("labels"));
  const py::object timestamp = object.attr("timestamp");
  if (!timestamp.is_none()) sample.timestamp_ms = Scaled(timestamp, kMillisPerSecond);
  const py::object exemplar = object.attr("exemplar");
  if (!exemplar.is_none()) sample.exemplar = ToExemplar(exemplar);
  // Older clients have no such attribute.
  const py::object native = py::getattr(object, "native_histogram", py::none());
  if (native.is_none()) {
    sample.value = ToNumber(object.attr("value"));
  } else {
    sample.native = ToNative(native);
    sample.value = Double(native.attr("sum_value"));
  }
  return sample;
}

}  // namespace

std::vector<FamilySnapshot> FamiliesOfMetrics(const py::iterable& metrics) {
  struct Metric {
    FamilyInfo info;
    std::vector<FamilySample> samples;
  };
  std::vector<Metric> found;
  std::map<std::string, size_t> places;
  for (const py::handle& metric : metrics) {
    const std::string name = Text(metric.attr("name"));
    const auto [place, is_new] = places.emplace(name, found.size());
    if (is_new) {
      FamilyInfo& info = found.emplace_back().info;
      info.name = name;
      info.help = Text(metric.attr("documentation"));
      info.unit = Text(py::getattr(metric, "unit", py::str()));
      info.type = TypeOf(Text(metric.attr("type")));
    }
    for (const py::handle& sample : metric.attr("samples")) found[place->second].samples.push_back(ToSample(sample));
  }
  std::vector<FamilySnapshot> families;
  WithoutGil([&] {
    for (Metric& metric : found) {
      for (FamilySnapshot& family : FamiliesOf(std::move(metric.info), metric.samples)) {
        families.push_back(std::move(family));
      }
    }
  });
  return families;
}

}  // namespace toolvitals
