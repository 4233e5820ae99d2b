// Finding, making and removing the children of open instruments.
// Floor: bindings.
#include "bindings/open_instruments.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "bindings/attribute_values.h"
#include "bindings/critical_section.h"
#include "bindings/drops.h"
#include "bindings/fold_notices.h"
#include "bindings/forgetting.h"
#include "kinds/packed_attributes.h"

namespace toolvitals {
namespace {

// Children that have expired are looked for when others are made, at most so often.
constexpr uint64_t kLongestSweepPauseNs = 1'000'000'000;

bool IsOpenParent(InstrumentObject* self) {
  if (self->attributes != nullptr) [[likely]]
    return true;
  PyErr_SetString(PyExc_ValueError, self->family == nullptr
                                        ? "the metric was not defined: its __init__ has not run"
                                        : "only a metric that was defined with open=True has attributes, and no child");
  return false;
}

void SweepChildren(InstrumentObject* parent) {
  const uint64_t ttl = parent->family->definition().ttl_ns;
  const uint64_t now = Clock::MonotonicNanos();
  if (ttl == 0 || now - parent->swept_ns < std::min(ttl, kLongestSweepPauseNs)) return;
  parent->swept_ns = now;
  parent->attributes->RemoveIf([&](InstrumentObject* child) {
    const uint64_t used = child->record->used_ns.load(std::memory_order_relaxed);
    return Py_REFCNT(reinterpret_cast<PyObject*>(child)) == 1 && now > used && now - used >= ttl;
  });
}

// The child of a series; a new reference.
PyObject* ChildOf(InstrumentObject* parent, const Attributes& attributes, std::shared_ptr<Series> series) {
  if (InstrumentObject* there = parent->attributes->FindSeries(series.get())) {
    return Py_NewRef(reinterpret_cast<PyObject*>(there));
  }
  const OwnedRef values(AttributesToPython(attributes));
  OwnedRef child(values ? MakeChild(parent, values.get(), series) : nullptr);
  if (!child) return nullptr;
  // Making the child may have run a garbage collection, and that anything: also this.
  if (InstrumentObject* there = parent->attributes->FindSeries(series.get())) {
    return Py_NewRef(reinterpret_cast<PyObject*>(there));
  }
  parent->attributes->Insert(AsInstrument(child.get()));
  return Py_NewRef(child.release());
}

// The child of attributes that were not seen before, or not in this form; a new reference.
PyObject* NewChild(InstrumentObject* parent, PyObject* attributes) {
  FoundAttributes found;
  if (!ToAttributes(attributes, found)) return nullptr;
  if (found.dropped != nullptr) {
    const OwnedRef told(Drop(DropReason::kAttribute, PyExc_TypeError,
                             "an attribute is a str, a bool, an int of 64 bits, a float or a list of one of these by a "
                             "str of 1 to 256 bytes, at most 64 in all, which %R is not",
                             found.dropped));
    if (!told) return nullptr;
  }
  SweepChildren(parent);
  const std::vector<std::string> texts = TextsOf(found.attributes);
  std::shared_ptr<Series> series =
      parent->family->WithLabels(std::vector<std::string_view>(texts.begin(), texts.end()));
  if (series->is_overflow()) return TellFolds() ? OverflowChild(parent) : nullptr;
  OwnedRef child(ChildOf(parent, found.attributes, std::move(series)));
  if (!child) return nullptr;
  const bool is_kept =
      found.dropped != nullptr || !found.is_plain || parent->attributes->Keep(attributes, AsInstrument(child.get()));
  return is_kept ? child.release() : nullptr;
}

}  // namespace

PyObject* WithAttributes(PyObject* object, PyObject* attributes) {
  InstrumentObject* self = AsInstrument(object);
  if (!IsOpenParent(self)) return nullptr;
  // The dict stays what it is while it is read.
  const CriticalSectionOfTwo section(object, attributes);
  if (InstrumentObject* child = self->attributes->Find(attributes)) [[likely]] {
    return Py_NewRef(reinterpret_cast<PyObject*>(child));
  }
  return NewChild(self, attributes);
}

PyObject* RemoveAttributes(InstrumentObject* self, PyObject* attributes) {
  if (!IsOpenParent(self)) return nullptr;
  FoundAttributes found;
  if (!ToAttributes(attributes, found)) return nullptr;
  const std::vector<std::string> texts = TextsOf(found.attributes);
  const std::vector<std::string_view> values(texts.begin(), texts.end());
  const std::shared_ptr<Series> series = self->family->Find(values);
  {
    const CriticalSection section(reinterpret_cast<PyObject*>(self));
    self->attributes->RemoveIf([&](InstrumentObject* child) { return child->series == series; });
  }
  const bool removed = self->family->Remove(values);
  return ForgetElsewhere(*self->family, values) ? PyBool_FromLong(removed) : nullptr;
}

}  // namespace toolvitals
