// Hashing and comparing dicts of attributes without their order.
// Floor: bindings.
#include "bindings/attribute_table.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <utility>

#include "base/limits.h"
#include "bindings/instrument_type.h"

namespace toolvitals {
namespace {

constexpr size_t kFirstSlots = 8;

// Items of a dict, which lives on while they are looked at.
struct Items {
  std::array<PyObject*, 2 * kMaxLabels> items;
  size_t size = 0;  // keys and values
  uint64_t hash = 0;
};

uint64_t HashOfText(PyObject* text) {
  // Where there is no GIL another thread may be keeping it now.
  const Py_hash_t cached =
      std::atomic_ref(reinterpret_cast<PyASCIIObject*>(text)->hash).load(std::memory_order_relaxed);
  return static_cast<uint64_t>(cached != -1 ? cached : PyObject_Hash(text));
}

// What equal doubles have alike: one NaN, one zero.
uint64_t BitsOf(PyObject* number) {
  const double value = PyFloat_AS_DOUBLE(number);
  if (std::isnan(value)) return 1;
  return std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);
}

// The type is part of a value: 1, 1.0, True and "1" are four.
bool HashOfValue(PyObject* value, uint64_t& hash) {
  if (PyUnicode_CheckExact(value)) [[likely]] {
    hash = HashOfText(value);
  } else if (PyBool_Check(value)) {
    hash = value == Py_True ? 0x1B873593'CC9E2D51 : 0x52DCE729'85EBCA6B;
  } else if (PyLong_CheckExact(value)) {
    hash = static_cast<uint64_t>(PyObject_Hash(value)) ^ 0xC2B2AE35'27D4EB2F;
  } else if (PyFloat_CheckExact(value)) {
    hash = BitsOf(value) ^ 0x165667B1'9E3779F9;
  } else {
    return false;
  }
  return true;
}

// Mixed for each item, so that the sum over items tells which value belongs to which key.
uint64_t Mix(uint64_t key, uint64_t value) {
  uint64_t hash = (key ^ std::rotl(value * 0x9E37'79B9'7F4A'7C15, 29)) * 0xBF58'476D'1CE4'E5B9;
  hash ^= hash >> 32;
  return hash * 0x94D0'49BB'1331'11EB;
}

bool ReadItems(PyObject* attributes, Items& items) {
  if (!PyDict_CheckExact(attributes) || PyDict_GET_SIZE(attributes) > static_cast<Py_ssize_t>(kMaxLabels)) return false;
  PyObject* key = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(attributes, &at, &key, &value);) {
    uint64_t hash = 0;
    if (!PyUnicode_CheckExact(key) || !HashOfValue(value, hash) || items.size == items.items.size()) return false;
    items.hash += Mix(HashOfText(key), hash);
    items.items[items.size++] = key;
    items.items[items.size++] = value;
  }
  items.hash ^= items.hash >> 32;
  return true;
}

bool AreEqualTexts(PyObject* a, PyObject* b) { return a == b || PyUnicode_Compare(a, b) == 0; }

bool AreEqualValues(PyObject* a, PyObject* b) {
  if (a == b) return true;
  if (Py_TYPE(a) != Py_TYPE(b)) return false;
  if (PyUnicode_CheckExact(a)) return PyUnicode_Compare(a, b) == 0;
  if (PyFloat_CheckExact(a)) return BitsOf(a) == BitsOf(b);
  // Exact ints; of the two bools neither equals the other.
  return PyLong_CheckExact(a) && PyObject_RichCompareBool(a, b, Py_EQ) == 1;
}

bool AreEqual(PyObject* kept, const Items& items) {
  const auto size = static_cast<size_t>(PyTuple_GET_SIZE(kept));
  if (size != items.size) return false;
  PyObject* const* own = size == 0 ? nullptr : &PyTuple_GET_ITEM(kept, 0);
  for (size_t i = 0; i < size; i += 2) {
    // Most programs write the same keys in the same order.
    size_t at = i;
    if (!AreEqualTexts(own[at], items.items[i])) {
      for (at = 0; at < size && !AreEqualTexts(own[at], items.items[i]); at += 2) {
      }
      if (at == size) return false;
    }
    if (!AreEqualValues(own[at + 1], items.items[i + 1])) return false;
  }
  return true;
}

}  // namespace

InstrumentObject* AttributeTable::Find(PyObject* attributes) const {
  Items items;
  if (slots_.empty() || !ReadItems(attributes, items)) return nullptr;
  for (size_t at = items.hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    const Slot& slot = slots_[at];
    if (slot.items == nullptr) return nullptr;
    if (slot.hash == items.hash && AreEqual(slot.items, items)) return slot.child;
  }
}

void AttributeTable::Insert(InstrumentObject* child) { children_.emplace(child->series.get(), child); }

bool AttributeTable::Keep(PyObject* attributes, InstrumentObject* child) {
  Items items;
  if (FindSeries(child->series.get()) != child || Find(attributes) != nullptr || !ReadItems(attributes, items)) {
    return true;
  }
  PyObject* kept = PyTuple_New(static_cast<Py_ssize_t>(items.size));
  if (kept == nullptr) return false;
  OwnedRef owned(kept);
  for (size_t i = 0; i < items.size; ++i) {
    PyTuple_SET_ITEM(kept, static_cast<Py_ssize_t>(i), Py_NewRef(items.items[i]));
  }
  if (2 * (size_ + 1) > slots_.size()) {
    std::vector<Slot> before(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.items != nullptr) Place(slot);
    }
  }
  Place({items.hash, owned.release(), child});
  ++size_;
  return true;
}

void AttributeTable::Clear() {
  const std::vector<Slot> before = std::exchange(slots_, {});
  const auto children = std::exchange(children_, {});
  size_ = 0;
  for (const Slot& slot : before) Py_XDECREF(slot.items);
  for (const auto& [series, child] : children) Py_DECREF(reinterpret_cast<PyObject*>(child));
}

void AttributeTable::Place(const Slot& slot) {
  size_t at = slot.hash & (slots_.size() - 1);
  while (slots_[at].items != nullptr) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
}

void AttributeTable::Remove(const std::vector<OwnedRef>& gone) {
  // Dropped behind the changes, since dropping a reference may run anything. Memory comes first: then nothing is
  // changed where there is none.
  std::vector<OwnedRef> items;
  items.reserve(size_);
  std::vector<Slot> before(slots_.size());
  for (const OwnedRef& child : gone) {
    children_.erase(AsInstrument(child.get())->series.get());
    Py_DECREF(child.get());
  }
  before.swap(slots_);
  size_ = 0;
  for (const Slot& slot : before) {
    if (slot.items == nullptr) continue;
    if (FindSeries(slot.child->series.get()) == slot.child) {
      Place(slot);
      ++size_;
    } else {
      items.emplace_back(slot.items);
    }
  }
}

}  // namespace toolvitals
