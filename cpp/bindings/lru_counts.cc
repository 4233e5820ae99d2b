// Finding the words of a function of functools.lru_cache that count.
// Floor: bindings.
#include "bindings/lru_counts.h"

#include <cstring>
#include <vector>

namespace toolvitals {
namespace {

// Where in such a function the counts lie, in words; 0 where nobody knows, for there every object has its head.
struct Places {
  PyTypeObject* type = nullptr;  // held for ever
  size_t hits = 0;
  size_t misses = 0;
};

// One call of the trial function, and what it has counted by then: it keeps two entries.
struct Trial {
  const char* argument;
  Py_ssize_t hits;
  Py_ssize_t misses;
};
constexpr Trial kTrials[] = {{"a", 0, 1}, {"b", 0, 2}, {"c", 0, 3}, {"c", 1, 3}, {"b", 2, 3},
                             {"b", 3, 3}, {"b", 4, 3}, {"d", 4, 4}, {"e", 4, 5}, {"e", 5, 5}};

std::vector<Py_ssize_t> WordsOf(PyObject* object) {
  std::vector<Py_ssize_t> words(static_cast<size_t>(Py_TYPE(object)->tp_basicsize) / sizeof(Py_ssize_t));
  std::memcpy(words.data(), object, words.size() * sizeof(Py_ssize_t));
  return words;
}

// The one word that counted so; 0 where there is none, or more than one.
size_t WordThat(Py_ssize_t Trial::*count, const std::vector<std::vector<Py_ssize_t>>& seen) {
  size_t found = 0;
  for (size_t word = 1; word < seen.front().size(); ++word) {
    bool counts = true;
    for (size_t i = 0; i < std::size(kTrials); ++i) counts = counts && seen[i][word] == kTrials[i].*count;
    if (counts && found != 0) return 0;
    if (counts) found = word;
  }
  return found;
}

// A cached `len`; nullptr with an exception.
PyObject* TrialFunction() {
  const OwnedRef functools(PyImport_ImportModule("functools"));
  const OwnedRef decorator(functools ? PyObject_CallMethod(functools.get(), "lru_cache", "i", 2) : nullptr);
  const OwnedRef builtins(PyImport_ImportModule("builtins"));
  const OwnedRef function(builtins ? PyObject_GetAttrString(builtins.get(), "len") : nullptr);
  return decorator && function ? PyObject_CallOneArg(decorator.get(), function.get()) : nullptr;
}

// False with an exception.
bool FindPlaces(Places& places) {
  const OwnedRef trial(TrialFunction());
  if (!trial) return false;
  std::vector<std::vector<Py_ssize_t>> seen;
  for (const Trial& step : kTrials) {
    const OwnedRef result(PyObject_CallFunction(trial.get(), "s", step.argument));
    if (!result) return false;
    seen.push_back(WordsOf(trial.get()));
  }
  places.hits = WordThat(&Trial::hits, seen);
  places.misses = WordThat(&Trial::misses, seen);
  places.type = reinterpret_cast<PyTypeObject*>(Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(trial.get()))));
  return true;
}

struct Dicts {
  PyObject* attributes;  // which is not looked for
  PyObject* found;
  int count;
};

int VisitDict(PyObject* object, void* arg) {
  auto* dicts = static_cast<Dicts*>(arg);
  if (PyDict_CheckExact(object) && object != dicts->attributes) {
    dicts->found = object;
    ++dicts->count;
  }
  return 0;
}

}  // namespace

bool LruCounts::Find(PyObject* function) {
  // Under the GIL; where there is none, two threads find the same.
  static Places places;
  if (places.type == nullptr) {
    Places found;
    if (!FindPlaces(found)) return false;
    places = found;
  }
  if (!Py_IS_TYPE(function, places.type) || places.hits == 0 || places.misses == 0) return false;
  // The garbage collector is told of the entries, which are a dict. So are the attributes.
  PyObject** const attributes = _PyObject_GetDictPtr(function);
  Dicts dicts = {attributes == nullptr ? nullptr : *attributes, nullptr, 0};
  Py_TYPE(function)->tp_traverse(function, &VisitDict, &dicts);
  if (dicts.count != 1) return false;
  const auto* words = reinterpret_cast<const Py_ssize_t*>(function);
  hits_ = words + places.hits;
  misses_ = words + places.misses;
  entries_ = dicts.found;
  return true;
}

}  // namespace toolvitals
