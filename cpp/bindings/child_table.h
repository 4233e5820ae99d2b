// The children of a labelled instrument, by their label values as Python has them.
// Floor: bindings.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "bindings/python.h"

namespace toolvitals {

struct InstrumentObject;

// Owns a reference to each child. Label values are compared in full; what is compared are exact str objects, so no
// Python code runs in here. Whoever calls is in a CriticalSection of the instrument.
class ChildTable {
 public:
  ChildTable() = default;
  ~ChildTable() { Clear(); }
  ChildTable(const ChildTable&) = delete;
  ChildTable& operator=(const ChildTable&) = delete;

  // Of exact str objects; -1 never comes out.
  static Py_hash_t HashOf(PyObject* const* values, Py_ssize_t count);

  // Borrowed; nullptr where there is none.
  InstrumentObject* Find(Py_hash_t hash, PyObject* const* values) const {
    if (slots_.empty()) return nullptr;
    for (size_t at = static_cast<size_t>(hash) & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.child == nullptr) return nullptr;
      if (slot.hash == hash && HasValues(slot.child, values)) return slot.child;
    }
  }

  // Takes over the reference of a child that is not there yet.
  void Insert(Py_hash_t hash, InstrumentObject* child);
  // The reference of the child that is taken out; nullptr where there was none.
  OwnedRef Remove(Py_hash_t hash, PyObject* const* values);
  // Takes out what `goes` says; the references are dropped at the end.
  template <typename Goes>
  void RemoveIf(Goes goes) {
    // Memory comes first: then nothing is changed where there is none.
    std::vector<OwnedRef> gone;
    gone.reserve(size_);
    std::vector<Slot> before(slots_.size());
    before.swap(slots_);
    size_ = 0;
    for (const Slot& slot : before) {
      if (slot.child == nullptr) continue;
      if (goes(slot.child)) {
        gone.emplace_back(reinterpret_cast<PyObject*>(slot.child));
      } else {
        Place(slot);
        ++size_;
      }
    }
  }
  // Allocates nothing.
  void Clear() {
    const std::vector<Slot> before = std::exchange(slots_, {});
    size_ = 0;
    for (const Slot& slot : before) Py_XDECREF(reinterpret_cast<PyObject*>(slot.child));
  }

  int Traverse(visitproc visit, void* arg) const {
    for (const Slot& slot : slots_) Py_VISIT(reinterpret_cast<PyObject*>(slot.child));
    return 0;
  }

  size_t size() const { return size_; }

 private:
  struct Slot {
    Py_hash_t hash = 0;
    InstrumentObject* child = nullptr;
  };

  static bool HasValues(const InstrumentObject* child, PyObject* const* values);
  void Place(const Slot& slot);

  std::vector<Slot> slots_;  // as many as a power of two, half of them free
  size_t size_ = 0;
};

}  // namespace toolvitals
