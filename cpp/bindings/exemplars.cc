// Asking the program's provider for an exemplar's labels, and checking those that it gives. Floor: bindings.
#include "bindings/exemplars.h"

#include <atomic>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "bindings/instrument_type.h"
#include "bindings/shared_ref.h"
#include "render/name_escaping.h"

namespace toolvitals {

std::atomic<bool> samples_exemplars{false};

namespace {

constexpr Py_ssize_t kMaxCharacters = 128;
constexpr int64_t kIntervalUs = 100'000;
constexpr int64_t kNanosPerMicro = 1000;

SharedRef exemplar_provider;
std::atomic<bool> legacy_names{false};

// Names and values in turn; valid as long as the dict is as it is. False with an exception.
bool TextsOf(PyObject* labels, std::vector<std::string_view>& texts) {
  if (!PyDict_Check(labels)) {
    PyErr_Format(PyExc_TypeError, "an exemplar is a dict of str by str, not %R", labels);
    return false;
  }
  const bool legacy = legacy_names.load(std::memory_order_relaxed);
  Py_ssize_t characters = 0;
  PyObject* name = nullptr;
  PyObject* value = nullptr;
  for (Py_ssize_t at = 0; PyDict_Next(labels, &at, &name, &value);) {
    for (PyObject* text : {name, value}) {
      if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "an exemplar is a dict of str by str, not %R: %R", name, value);
        return false;
      }
      Py_ssize_t size = 0;
      const char* utf8 = PyUnicode_AsUTF8AndSize(text, &size);
      if (utf8 == nullptr) return false;
      texts.emplace_back(utf8, static_cast<size_t>(size));
      characters += PyUnicode_GET_LENGTH(text);
    }
    const std::string_view label = texts[texts.size() - 2];
    if (label.empty() || label.starts_with("__") || (legacy && !IsLegacyLabelName(label))) {
      PyErr_Format(PyExc_ValueError, "invalid exemplar label name %R%s", name,
                   legacy ? ": it must match [a-zA-Z_][a-zA-Z0-9_]*" : "");
      return false;
    }
  }
  if (characters > kMaxCharacters) {
    PyErr_Format(PyExc_ValueError, "Exemplar labels have %zd UTF-8 characters, exceeding the limit of %zd", characters,
                 kMaxCharacters);
    return false;
  }
  return true;
}

bool Keep(InstrumentObject* self, size_t bucket, double amount, PyObject* labels) {
  std::vector<std::string_view> texts;
  if (!TextsOf(labels, texts)) return false;
  self->family->KeepExemplar(*self->series, bucket, texts, amount);
  return true;
}

// Whether the series' last exemplar is old enough for another one.
bool IsDue(const InstrumentObject* self, size_t bucket) {
  const Offset slots = self->record->exemplars.load(std::memory_order_acquire);
  if (slots == 0) return true;
  const ExemplarSlot& slot = self->family->segment().At<ExemplarSlot>(slots)[bucket];
  const auto last = static_cast<int64_t>(slot.timestamp_us.load(std::memory_order_relaxed));
  return Clock::UnixNanos() / kNanosPerMicro - last >= kIntervalUs;
}

// A provider's mistakes are not the recording program's: what it raises is dropped, unless it is not ours to swallow.
bool KeepProvided(InstrumentObject* self, size_t bucket, double amount) {
  if (!IsDue(self, bucket)) return true;
  const OwnedRef provider = exemplar_provider.Get();
  if (!provider) return true;
  const OwnedRef labels(PyObject_CallNoArgs(provider.get()));
  const bool kept = labels && (labels.get() == Py_None || Keep(self, bucket, amount, labels.get()));
  if (kept) return true;
  if (!PyErr_ExceptionMatches(PyExc_Exception)) return false;
  PyErr_Clear();
  return true;
}

}  // namespace

bool KeepExemplar(InstrumentObject* self, size_t bucket, double amount, PyObject* labels) {
  if (self->series == nullptr || self->is_frozen) return true;
  if (labels == nullptr || labels == Py_None) return !SamplesExemplars() || KeepProvided(self, bucket, amount);
  const int any = PyObject_IsTrue(labels);
  if (any <= 0) return any == 0;
  return Keep(self, bucket, amount, labels);
}

void SetLegacyNames(bool legacy) { legacy_names.store(legacy, std::memory_order_relaxed); }

void SetExemplarProvider(PyObject* provider) {
  exemplar_provider.Set(provider);
  samples_exemplars.store(provider != nullptr && provider != Py_None, std::memory_order_relaxed);
}

}  // namespace toolvitals
