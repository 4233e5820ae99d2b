// Lending a text, and keeping its memory for the next one.
// Floor: bindings.
#include "bindings/rendered_text.h"

#include <array>
#include <atomic>
#include <utility>

namespace toolvitals {
namespace {

struct RenderedText {
  PyObject_HEAD
  std::string* text;
};

PyTypeObject rendered_text_type =
    BlankType("toolvitals.RenderedText", sizeof(RenderedText), "A rendered text, as bytes.");

// Two texts of one scrape, and two of another thread's. Exchanged whole, so that no fork can leave them half changed.
std::array<std::atomic<std::string*>, 4> kept = {};
// A text larger than this is given back.
constexpr size_t kMaxKeptBytes = size_t{8} << 20;

void GiveTextMemory(std::unique_ptr<std::string> text) {
  if (text->capacity() > kMaxKeptBytes) return;
  for (std::atomic<std::string*>& place : kept) {
    std::string* none = nullptr;
    // Release pairs with the acquire of who takes it.
    if (place.compare_exchange_strong(none, text.get(), std::memory_order_acq_rel)) {
      text.release();
      return;
    }
  }
}

int GetBuffer(PyObject* self, Py_buffer* view, int flags) {
  std::string& text = *reinterpret_cast<RenderedText*>(self)->text;
  return PyBuffer_FillInfo(view, self, text.data(), static_cast<Py_ssize_t>(text.size()), 1, flags);
}

void Dealloc(PyObject* self) {
  GiveTextMemory(std::unique_ptr<std::string>(reinterpret_cast<RenderedText*>(self)->text));
  PyObject_Free(self);
}

PyBufferProcs buffer = {&GetBuffer, nullptr};

}  // namespace

std::unique_ptr<std::string> TakeTextMemory() {
  for (std::atomic<std::string*>& place : kept) {
    if (place.load(std::memory_order_relaxed) == nullptr) continue;
    std::unique_ptr<std::string> text(place.exchange(nullptr, std::memory_order_acq_rel));
    if (text == nullptr) continue;
    text->clear();
    return text;
  }
  return std::make_unique<std::string>();
}

PyObject* NewTextView(std::unique_ptr<std::string> text) {
  auto* const made = PyObject_New(RenderedText, &rendered_text_type);
  if (made == nullptr) return nullptr;
  made->text = text.release();
  const OwnedRef owner(reinterpret_cast<PyObject*>(made));
  return PyMemoryView_FromObject(owner.get());
}

bool ReadyRenderedTextType() {
  rendered_text_type.tp_flags |= Py_TPFLAGS_DISALLOW_INSTANTIATION;
  rendered_text_type.tp_dealloc = &Dealloc;
  rendered_text_type.tp_as_buffer = &buffer;
  return PyType_Ready(&rendered_text_type) == 0;
}

}  // namespace toolvitals
