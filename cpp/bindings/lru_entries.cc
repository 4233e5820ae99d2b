// The dict of entries, and the ring that says which was used least recently.
// Floor: bindings.
#include "bindings/lru_entries.h"

#include <cstddef>

#include "bindings/cache_key.h"

namespace toolvitals {
namespace {

struct EntryObject {
  PyObject_HEAD
  RingPlace place;
  PyObject* key;
  PyObject* value;
  double expires_at;  // seconds of the cache's clock; infinity for never
};

PyTypeObject entry_type = BlankType("toolvitals.LruEntry", sizeof(EntryObject), "A result that a cache keeps.");

EntryObject* Entry(PyObject* object) { return reinterpret_cast<EntryObject*>(object); }

EntryObject* EntryAt(RingPlace* place) {
  return reinterpret_cast<EntryObject*>(reinterpret_cast<char*>(place) - offsetof(EntryObject, place));
}

void Leave(RingPlace& place) {
  if (place.newer == nullptr) return;
  place.newer->older = place.older;
  place.older->newer = place.newer;
  place = {};
}

// As the one that was used last.
void Enter(RingPlace& place, RingPlace& ring) {
  place = {.older = ring.older, .newer = &ring};
  ring.older->newer = &place;
  ring.older = &place;
}

void Dealloc(PyObject* self) {
  Leave(Entry(self)->place);
  Py_DECREF(Entry(self)->key);
  Py_DECREF(Entry(self)->value);
  PyObject_Free(self);
}

PyObject* NewEntry(PyObject* key, PyObject* value, double expires_at) {
  OwnedRef owned(OwnedKey(key));
  if (!owned) return nullptr;
  auto* made = PyObject_New(EntryObject, &entry_type);
  if (made == nullptr) return nullptr;
  made->place = {};
  made->key = owned.release();
  made->value = Py_NewRef(value);
  made->expires_at = expires_at;
  return reinterpret_cast<PyObject*>(made);
}

void Replace(EntryObject& entry, PyObject* value, double expires_at) {
  entry.expires_at = expires_at;
  Py_XSETREF(entry.value, Py_NewRef(value));  // The last step, for what it lets go may run anything.
}

}  // namespace

bool LruEntries::Init(Py_ssize_t bound) {
  ring_ = {.older = &ring_, .newer = &ring_};
  bound_ = bound;
  dict_ = PyDict_New();
  return dict_ != nullptr;
}

void LruEntries::Drop() {
  bound_ = 0;
  while (ring_.newer != nullptr && ring_.newer != &ring_) Leave(*ring_.newer);
  Py_CLEAR(dict_);
}

// The garbage collector does not know entries, which are nobody else's: what they refer to is visited here.
int LruEntries::Traverse(visitproc visit, void* arg) const {
  Py_VISIT(dict_);
  for (RingPlace* place = ring_.newer; place != nullptr && place != &ring_; place = place->newer) {
    Py_VISIT(EntryAt(place)->key);
    Py_VISIT(EntryAt(place)->value);
  }
  return 0;
}

PyObject* LruEntries::Find(PyObject* key, double now, uint64_t& evicted) {
  if (dict_ == nullptr) return nullptr;
  // What compares itself may clear the cache.
  const OwnedRef dict(Py_NewRef(dict_));
  PyObject* found = PyDict_GetItemWithError(dict.get(), key);
  if (found == nullptr) return nullptr;
  EntryObject* entry = Entry(found);
  if (entry->expires_at <= now) {
    Evict(dict.get(), found, evicted);
    return nullptr;
  }
  if (bound_ != kUnbounded && entry->place.newer != nullptr) {
    Leave(entry->place);
    Enter(entry->place, ring_);
  }
  return Py_NewRef(entry->value);
}

// False with an exception.
bool LruEntries::Evict(PyObject* dict, PyObject* entry, uint64_t& evicted) {
  const OwnedRef kept(Py_NewRef(entry));
  Leave(Entry(entry)->place);
  if (PyDict_DelItem(dict, Entry(entry)->key) == 0) {
    ++evicted;
    return true;
  }
  if (PyErr_ExceptionMatches(PyExc_KeyError)) {
    PyErr_Clear();  // What compares itself has removed it meanwhile.
    return true;
  }
  if (dict == dict_) Enter(Entry(entry)->place, ring_);
  return false;
}

bool LruEntries::Keep(PyObject* key, PyObject* value, double now, double expires_at, uint64_t& evicted) {
  if (!keeps()) return true;
  const OwnedRef dict(Py_NewRef(dict_));
  PyObject* present = PyDict_GetItemWithError(dict.get(), key);
  if (present != nullptr) {
    if (Entry(present)->expires_at > now) {
      if (bound_ == kUnbounded) Replace(*Entry(present), value, expires_at);
      return true;
    }
    if (!Evict(dict.get(), present, evicted)) return false;
  } else if (PyErr_Occurred() != nullptr) {
    return false;
  }
  const OwnedRef entry(NewEntry(key, value, expires_at));
  if (!entry || PyDict_SetItem(dict.get(), Entry(entry.get())->key, entry.get()) != 0) return false;
  if (dict.get() != dict_) return true;  // It was cleared meanwhile.
  Enter(Entry(entry.get())->place, ring_);
  while (bound_ != kUnbounded && size() > bound_ && ring_.newer != &ring_) {
    if (!Evict(dict.get(), reinterpret_cast<PyObject*>(EntryAt(ring_.newer)), evicted)) return false;
    if (dict.get() != dict_) return true;
  }
  return true;
}

PyObject* LruEntries::Clear() {
  PyObject* fresh = PyDict_New();
  if (fresh == nullptr) return nullptr;
  while (ring_.newer != &ring_) Leave(*ring_.newer);
  PyObject* before = dict_;
  dict_ = fresh;
  return before;
}

bool ReadyLruEntryType() {
  entry_type.tp_dealloc = &Dealloc;
  entry_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
  return PyType_Ready(&entry_type) == 0;
}

}  // namespace toolvitals
