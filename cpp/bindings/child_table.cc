// Looking children up by label values, making them, and taking them out. Floor: bindings.
#include "bindings/child_table.h"

#include "bindings/instrument_type.h"

namespace toolvitals {
namespace {

constexpr size_t kFirstSlots = 8;

}  // namespace

Py_hash_t ChildTable::HashOf(PyObject* const* values, Py_ssize_t count) {
  // Multiplied and shifted between values, so that their order counts; a str keeps its hash.
  uint64_t hash = 0;
  for (Py_ssize_t i = 0; i < count; ++i) {
    hash = (hash ^ static_cast<uint64_t>(PyObject_Hash(values[i]))) * 0x9E37'79B9'7F4A'7C15;
    hash ^= hash >> 32;
  }
  return static_cast<Py_hash_t>(hash);
}

bool ChildTable::HasValues(const InstrumentObject* child, PyObject* const* values) {
  PyObject* const own = child->label_values;
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(own); ++i) {
    PyObject* const value = PyTuple_GET_ITEM(own, i);
    if (value != values[i] && PyUnicode_Compare(value, values[i]) != 0) return false;
  }
  return true;
}

void ChildTable::Place(const Slot& slot) {
  size_t at = static_cast<size_t>(slot.hash) & (slots_.size() - 1);
  while (slots_[at].child != nullptr) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = slot;
}

void ChildTable::Insert(Py_hash_t hash, InstrumentObject* child) {
  if (2 * (size_ + 1) > slots_.size()) {
    std::vector<Slot> before(slots_.empty() ? kFirstSlots : 2 * slots_.size());
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.child != nullptr) Place(slot);
    }
  }
  Place({hash, child});
  ++size_;
}

OwnedRef ChildTable::Remove(Py_hash_t hash, PyObject* const* values) {
  InstrumentObject* child = Find(hash, values);
  if (child == nullptr) return OwnedRef();
  size_t hole = static_cast<size_t>(hash) & (slots_.size() - 1);
  while (slots_[hole].child != child) hole = (hole + 1) & (slots_.size() - 1);
  slots_[hole] = Slot();
  --size_;
  // What follows without a gap may have been pushed behind the hole; it is placed anew.
  for (size_t at = (hole + 1) & (slots_.size() - 1); slots_[at].child != nullptr; at = (at + 1) & (slots_.size() - 1)) {
    const Slot slot = slots_[at];
    slots_[at] = Slot();
    Place(slot);
  }
  return OwnedRef(reinterpret_cast<PyObject*>(child));
}

}  // namespace toolvitals
