// The children of an open instrument, by the attributes that they were asked for with.
// Floor: bindings.
#pragma once

#include <cstdint>
#include <vector>

#include "base/hash_table.h"
#include "bindings/python.h"
#include "registry/series.h"

namespace toolvitals {

struct InstrumentObject;

// A dict of attributes is found by a sum of hashes, one of each of its items, so that their order is no matter; then it
// is compared in full, by type and value. Only dicts of exact str by exact str, bool, int or float are kept, so no
// Python code runs in here. Owns a reference to each child. Whoever calls is in a CriticalSection of the instrument.
class AttributeTable {
 public:
  AttributeTable() = default;
  ~AttributeTable() { Clear(); }
  AttributeTable(const AttributeTable&) = delete;
  AttributeTable& operator=(const AttributeTable&) = delete;

  // The child of a dict that was kept; borrowed, nullptr where it was not.
  InstrumentObject* Find(PyObject* attributes) const;
  // The child of a series; borrowed, nullptr where there is none.
  InstrumentObject* FindSeries(const Series* series) const {
    const auto found = children_.find(series);
    return found == children_.end() ? nullptr : found->second;
  }

  // Takes over the reference of a child whose series has none yet.
  void Insert(InstrumentObject* child);
  // Keeps a dict for a child that is there; one that cannot be kept, or is, changes nothing. False with MemoryError.
  bool Keep(PyObject* attributes, InstrumentObject* child);

  // Takes out the children that `goes` says; the references are dropped at the end.
  template <typename Goes>
  void RemoveIf(Goes goes) {
    std::vector<OwnedRef> gone;
    gone.reserve(children_.size());
    for (const auto& [series, child] : children_) {
      if (goes(child)) gone.emplace_back(Py_NewRef(reinterpret_cast<PyObject*>(child)));
    }
    if (!gone.empty()) Remove(gone);
  }
  // Allocates nothing.
  void Clear();

  // The dicts that are kept have nothing that could refer back.
  int Traverse(visitproc visit, void* arg) const {
    for (const auto& [series, child] : children_) Py_VISIT(reinterpret_cast<PyObject*>(child));
    return 0;
  }

  size_t size() const { return children_.size(); }

 private:
  // `items` are a tuple of keys and values in turn; nullptr where the slot is free.
  struct Slot {
    uint64_t hash = 0;
    PyObject* items = nullptr;
    InstrumentObject* child = nullptr;
  };

  void Remove(const std::vector<OwnedRef>& gone);
  void Place(const Slot& slot);

  std::vector<Slot> slots_;  // as many as a power of two, half of them free
  size_t size_ = 0;          // of slots that are taken
  HashMap<const Series*, InstrumentObject*> children_;
};

}  // namespace toolvitals
