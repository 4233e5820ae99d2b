// Families as Python values: frozen objects of toolvitals.snapshot._values.
// Floor: bindings. With the GIL, by one thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bindings/value_types.h"
#include "model/snapshot.h"
#include "render/family_sink.h"

namespace toolvitals {

// What a snapshot of before became. Most series have not moved since, and are taken over, for values never change.
struct FamiliesBefore {
  std::shared_ptr<const Snapshot> snapshot;
  OwnedRef families;  // as Take() returned them
};

class ValueSink final : public FamilySink {
 public:
  // `before` outlives the sink, and may be nullptr.
  explicit ValueSink(const ValueTypes& types, const FamiliesBefore* before = nullptr);
  ~ValueSink() override;

  EncodedLabels Encode(std::span<const Label> labels) override;
  bool shows_marks() const override { return true; }
  bool shows_attributes() const override { return true; }
  void Begin(const FamilyHead& head) override;
  void Value(const SeriesLabels& labels, Number value) override;
  void Histogram(const SeriesLabels& labels, const HistogramValue& value) override;
  void Summary(const SeriesLabels& labels, const SummaryValue& value) override;
  void Info(const SeriesLabels& labels) override;
  void StateSet(const SeriesLabels& labels, std::span<const std::string> states,
                std::span<const Number> values) override;
  void End() override;
  void Finish() override {}

  // Takes a family over that is in every respect what it was before; false where it has to be written.
  bool TakeWhole(const FamilySnapshot& family);

  // A new reference to the families by name; nullptr with an exception set where something failed on the way.
  PyObject* Take();

 private:
  // The family of that name in the snapshot of before, where it was converted.
  void FindBefore(PyObject* name, std::string_view text, FamilyType type);
  // Likewise its object; borrowed, nullptr where there is none.
  PyObject* ObjectBefore(PyObject* name) const;
  // What the next series was before, where it is the same one: an object, or nullptr.
  PyObject* SeriesBefore(const SeriesLabels& labels) const;
  // Whether nothing else but its value can have changed.
  bool HasSameMarks(const SeriesLabels& labels) const;
  bool HasSameValue(Number value) const;
  bool HasSameValue(const HistogramValue& value) const;
  // Takes the series of before over; false where it has to be made anew.
  template <typename Shown>
  bool TakeOver(const SeriesLabels& labels, const Shown& value);
  void Add(const SeriesLabels& labels, PyObject* value);
  PyObject* LabelsOf(const SeriesLabels& labels);
  PyObject* LabelsOf(const LabelSet::Pairs& pairs);
  PyObject* AttributesOf(const SeriesLabels& labels);
  PyObject* NameAt(size_t place, const std::string& name);
  PyObject* Bounds(std::span<const double> bounds);
  PyObject* Native(const NativeHistogram* native);
  PyObject* NativeBuckets(const toolvitals::NativeBuckets& buckets, int32_t infinite_index);
  PyObject* Exemplars(const SeriesMarks& marks);

  const ValueTypes& types_;
  const FamiliesBefore* const before_;
  const FamilySnapshot* family_before_ = nullptr;
  PyObject* series_before_ = nullptr;  // a tuple, of before_
  OwnedRef families_;
  bool failed_ = false;
  std::vector<std::pair<OwnedRef, OwnedRef>> encoded_;  // names and values of labels
  // Of the family that is being written.
  OwnedRef name_, type_, unit_, help_;
  std::vector<PyObject*> series_;
  // What series of a family have in common, most of the time: names of labels by their place, and bounds.
  std::vector<std::pair<std::string, OwnedRef>> names_;
  std::vector<double> bounds_values_;
  OwnedRef bounds_;
  OwnedRef no_exemplars_;
};

}  // namespace toolvitals
