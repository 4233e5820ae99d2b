// RecordedElsewhere: a context variable, and what may stand in it.
// Floor: bindings.
#include "bindings/recorded_elsewhere.h"

#include <cstddef>
#include <new>
#include <utility>

#include "bindings/guard.h"
#include "bindings/tool_type.h"

namespace toolvitals {

std::atomic<bool> recorded_elsewhere_in_use{false};

namespace {

PyTypeObject recorded_elsewhere_type =
    BlankType("toolvitals.RecordedElsewhere", sizeof(RecordedElsewhereObject),
              "RecordedElsewhere(tools, /)\n--\n\n"
              "A context manager: calls of these tools inside it are recorded by whoever entered it, and not again.\n\n"
              "`tools` is an iterable of ToolMetrics. Holds for the code, tasks and threads that run in its context.\n"
              "A call of such a tool from inside a call of one is another call, and is recorded. Used once.");

PyObject* context_variable = nullptr;

RecordedElsewhereObject* Self(PyObject* self) { return reinterpret_cast<RecordedElsewhereObject*>(self); }

// More decorators than bits stand around no function.
constexpr Py_ssize_t kMaxTools = 64;

// The tool's bit in `running`, 0 where it is not among the tools.
uint64_t BitOf(RecordedElsewhereObject* self, PyObject* tool) {
  const Py_ssize_t size = PyTuple_GET_SIZE(self->tools);
  for (Py_ssize_t i = 0; i < size; ++i) {
    if (PyTuple_GET_ITEM(self->tools, i) == tool) return uint64_t{1} << i;
  }
  return 0;
}

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* iterable = nullptr;
  if (keywords != nullptr && PyDict_GET_SIZE(keywords) != 0) {
    return PyErr_Format(PyExc_TypeError, "RecordedElsewhere() takes no keyword arguments");
  }
  if (!PyArg_ParseTuple(args, "O:RecordedElsewhere", &iterable)) return nullptr;
  OwnedRef tools(PySequence_Tuple(iterable));
  if (!tools) return nullptr;
  if (PyTuple_GET_SIZE(tools.get()) > kMaxTools) {
    return PyErr_Format(PyExc_ValueError, "at most %zd tools, not %zd", kMaxTools, PyTuple_GET_SIZE(tools.get()));
  }
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tools.get()); ++i) {
    if (!Py_IS_TYPE(PyTuple_GET_ITEM(tools.get(), i), &tool_metrics_type)) {
      return PyErr_Format(PyExc_TypeError, "tools must be ToolMetrics, not %R", PyTuple_GET_ITEM(tools.get(), i));
    }
  }
  PyObject* self = type->tp_alloc(type, 0);
  if (self == nullptr) return nullptr;
  new (&Self(self)->running) std::atomic<uint64_t>(0);
  new (&Self(self)->ended) std::atomic<bool>(false);
  Self(self)->tools = tools.release();
  recorded_elsewhere_in_use.store(true, std::memory_order_relaxed);
  return self;
}

PyObject* Enter(PyObject* self, PyObject*) {
  RecordedElsewhereObject* me = Self(self);
  if (me->token != nullptr || me->ended.load(std::memory_order_relaxed)) {
    return PyErr_Format(PyExc_RuntimeError, "a RecordedElsewhere is entered once");
  }
  me->token = PyContextVar_Set(context_variable, self);
  return me->token == nullptr ? nullptr : Py_NewRef(self);
}

PyObject* Exit(PyObject* self, PyObject*) {
  RecordedElsewhereObject* me = Self(self);
  me->ended.store(true, std::memory_order_relaxed);
  const OwnedRef token(std::exchange(me->token, nullptr));
  if (token && PyContextVar_Reset(context_variable, token.get()) != 0) return nullptr;
  Py_RETURN_FALSE;
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Self(self)->tools);
  Py_VISIT(Self(self)->token);
  return 0;
}

int Clear(PyObject* self) {
  Py_CLEAR(Self(self)->tools);
  Py_CLEAR(Self(self)->token);
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  Clear(self);
  Py_TYPE(self)->tp_free(self);
}

PyMethodDef methods[] = {
    {"__enter__", Guarded<&Enter>, METH_NOARGS, nullptr},
    {"__exit__", Guarded<&Exit>, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

RecordedElsewhereScope::RecordedElsewhereScope(PyObject* tool) : tool_(tool) {
  PyObject* value = nullptr;
  if (PyContextVar_Get(context_variable, nullptr, &value) != 0) {
    PyErr_Clear();
    return;
  }
  if (value == nullptr) return;
  const bool holds = Py_IS_TYPE(value, &recorded_elsewhere_type) && !Self(value)->ended.load(std::memory_order_relaxed);
  const uint64_t bit = holds ? BitOf(Self(value), tool) : 0;
  // Relaxed: the bit is all that threads tell each other.
  if (bit == 0 || (Self(value)->running.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) {
    Py_DECREF(value);
    return;
  }
  object_ = value;
}

RecordedElsewhereScope::~RecordedElsewhereScope() {
  if (object_ != nullptr) EndRecordedElsewhere(object_, tool_);
}

PyObject* RecordedElsewhereScope::Keep() { return std::exchange(object_, nullptr); }

void EndRecordedElsewhere(PyObject* kept, PyObject* tool) {
  Self(kept)->running.fetch_and(~BitOf(Self(kept), tool), std::memory_order_relaxed);
  Py_DECREF(kept);
}

bool AddRecordedElsewhere(PyObject* module) {
  PyTypeObject& type = recorded_elsewhere_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC;
  type.tp_new = Guarded<&New>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_methods = methods;
  if (PyType_Ready(&type) != 0) return false;
  context_variable = PyContextVar_New("toolvitals.recorded_elsewhere", nullptr);
  return context_variable != nullptr && PyModule_AddType(module, &type) == 0;
}

}  // namespace toolvitals
