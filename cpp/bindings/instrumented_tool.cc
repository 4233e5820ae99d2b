// InstrumentedTool: looks like the function it wraps to everything that asks, and is called through vectorcall.
// Floor: bindings.
#include "bindings/instrumented_tool.h"

#include <structmember.h>

#include <cstddef>

#include "bindings/call.h"
#include "bindings/instrumented_async_generator.h"
#include "bindings/instrumented_coroutine.h"
#include "bindings/instrumented_generator.h"
#include "bindings/tool_type.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

struct InstrumentedToolObject {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  PyObject* wrapped;
  PyObject* tool;  // a ToolMetricsObject
  PyObject* dict;
  PyObject* weak_references;
};

PyTypeObject instrumented_tool_type =
    BlankType("toolvitals.InstrumentedTool", sizeof(InstrumentedToolObject),
              "A callable around a tool that records its calls; what @toolvitals.tool returns.");

// The same around what does not become a method when it stands in a class: a builtin, a bound method, an object.
PyTypeObject unbound_tool_type = BlankType("toolvitals.InstrumentedCallable", sizeof(InstrumentedToolObject),
                                           "An InstrumentedTool that does not bind, like the callable that it wraps.");

// What the wrapped callable is; the numbers are _core.SYNC and so on.
enum class Kind : long { kSync = 0, kCoroutine = 1, kGenerator = 2, kAsyncGenerator = 3 };

InstrumentedToolObject* Self(PyObject* self) { return reinterpret_cast<InstrumentedToolObject*>(self); }

PyObject* CallSync(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  InstrumentedToolObject* me = Self(self);
  RunningCall call;
  call.Begin(reinterpret_cast<ToolMetricsObject*>(me->tool));
  PyObject* result = PyObject_Vectorcall(me->wrapped, args, count, keywords);
  if (result != nullptr) [[likely]] {
    call.Succeed();
  } else {
    call.Raise();
  }
  return result;
}

// For the kinds whose call only makes the object that will do the work. A call that fails already here, over its
// arguments say, is a call all the same.
template <PyObject* (*Instrument)(PyObject* inner, PyObject* tool)>
PyObject* CallLazy(PyObject* self, PyObject* const* args, size_t count, PyObject* keywords) {
  InstrumentedToolObject* me = Self(self);
  PyObject* inner = PyObject_Vectorcall(me->wrapped, args, count, keywords);
  if (inner == nullptr) [[unlikely]] {
    RunningCall call;
    call.Begin(reinterpret_cast<ToolMetricsObject*>(me->tool));
    call.Raise();
    return nullptr;
  }
  return Instrument(inner, me->tool);
}

vectorcallfunc VectorcallOf(Kind kind) {
  switch (kind) {
    case Kind::kSync:
      return &CallSync;
    case Kind::kCoroutine:
      return &CallLazy<&InstrumentCoroutine>;
    case Kind::kGenerator:
      return &CallLazy<&InstrumentGenerator>;
    case Kind::kAsyncGenerator:
      return &CallLazy<&InstrumentAsyncGenerator>;
  }
  return nullptr;
}

// As functools.update_wrapper() does: attributes that are not there are left out.
bool TakeOverAttributes(InstrumentedToolObject* me) {
  for (const char* name : {"__module__", "__name__", "__qualname__", "__doc__"}) {
    const OwnedRef value(PyObject_GetAttrString(me->wrapped, name));
    if (!value) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return false;
      PyErr_Clear();
    } else if (PyDict_SetItemString(me->dict, name, value.get()) != 0) {
      return false;
    }
  }
  const OwnedRef attributes(PyObject_GetAttrString(me->wrapped, "__dict__"));
  if (!attributes) {
    PyErr_Clear();
  } else if (PyDict_Update(me->dict, attributes.get()) != 0) {
    return false;
  }
  return PyDict_SetItemString(me->dict, "__wrapped__", me->wrapped) == 0;
}

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* wrapped = nullptr;
  PyObject* tool = nullptr;
  long kind = 0;
  static const char* names[] = {"wrapped", "tool", "kind", nullptr};
  if (!PyArg_ParseTupleAndKeywords(args, keywords, "OO!l:InstrumentedTool", const_cast<char**>(names), &wrapped,
                                   &tool_metrics_type, &tool, &kind)) {
    return nullptr;
  }
  if (!PyCallable_Check(wrapped)) return PyErr_Format(PyExc_TypeError, "%R is not callable", wrapped);
  const vectorcallfunc vectorcall = VectorcallOf(static_cast<Kind>(kind));
  if (vectorcall == nullptr) return PyErr_Format(PyExc_ValueError, "kind must be 0 to 3, not %ld", kind);
  // Functions, and what passes for one to the interpreter, bind; the flag says so of a whole type.
  if (!PyType_HasFeature(Py_TYPE(wrapped), Py_TPFLAGS_METHOD_DESCRIPTOR)) type = &unbound_tool_type;
  OwnedRef self(type->tp_alloc(type, 0));
  if (!self) return nullptr;
  InstrumentedToolObject* me = Self(self.get());
  me->vectorcall = vectorcall;
  me->wrapped = Py_NewRef(wrapped);
  me->tool = Py_NewRef(tool);
  me->dict = PyDict_New();
  if (me->dict == nullptr || !TakeOverAttributes(me)) return nullptr;
  const auto yields = static_cast<Kind>(kind);
  if (yields == Kind::kGenerator || yields == Kind::kAsyncGenerator) {
    Collector::Global().KeepFirstItems(*reinterpret_cast<ToolMetricsObject*>(tool)->tool);
  }
#if defined(Py_GIL_DISABLED) && PY_VERSION_HEX >= 0x030E0000
  PyUnstable_Object_EnableDeferredRefcount(self.get());
#endif
  return self.release();
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Self(self)->wrapped);
  Py_VISIT(Self(self)->tool);
  Py_VISIT(Self(self)->dict);
  return 0;
}

int Clear(PyObject* self) {
  Py_CLEAR(Self(self)->wrapped);
  Py_CLEAR(Self(self)->tool);
  Py_CLEAR(Self(self)->dict);
  return 0;
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (Self(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  Clear(self);
  Py_TYPE(self)->tp_free(self);
}

// What this object does not have itself is the wrapped callable's: __code__, __defaults__, __annotations__, …
PyObject* GetAttribute(PyObject* self, PyObject* name) {
  PyObject* own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || Self(self)->wrapped == nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
  PyErr_Clear();
  return PyObject_GetAttr(Self(self)->wrapped, name);
}

PyObject* Bind(PyObject* self, PyObject* instance, PyObject*) {
  if (instance == nullptr || instance == Py_None) return Py_NewRef(self);
  return PyMethod_New(self, instance);
}

PyObject* DoNotBind(PyObject* self, PyObject*, PyObject*) { return Py_NewRef(self); }

PyObject* Repr(PyObject* self) { return PyUnicode_FromFormat("<toolvitals.tool around %R>", Self(self)->wrapped); }

// By name, as functions are pickled: what unpickles imports the module and finds the decorated function there.
PyObject* Reduce(PyObject* self, PyObject*) { return PyObject_GetAttrString(self, "__qualname__"); }

// Pydantic, and so fastmcp, makes schemas of Python's own functions only; this tells it how to call one of these.
PyObject* PydanticSchema(PyObject*, PyObject* arguments) {
  const OwnedRef module(PyImport_ImportModule("toolvitals.integrations._pydantic"));
  if (!module) return nullptr;
  const OwnedRef core_schema(PyObject_GetAttrString(module.get(), "core_schema"));
  return core_schema ? PyObject_CallObject(core_schema.get(), arguments) : nullptr;
}

PyMethodDef methods[] = {
    {"__get_pydantic_core_schema__", &PydanticSchema, METH_VARARGS | METH_STATIC,
     "__get_pydantic_core_schema__(source, handler, /)\n--\n\nPydantic's schema of the tool: a call goes through it."},
    {"__reduce__", &Reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMemberDef members[] = {
    {"__vitals__", T_OBJECT_EX, offsetof(InstrumentedToolObject, tool), READONLY, "The tool's ToolMetrics."},
    {nullptr, 0, 0, 0, nullptr},
};

}  // namespace

bool AddInstrumentedToolType(PyObject* module) {
  PyTypeObject& type = instrumented_tool_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR;
  type.tp_vectorcall_offset = offsetof(InstrumentedToolObject, vectorcall);
  type.tp_dictoffset = offsetof(InstrumentedToolObject, dict);
  type.tp_weaklistoffset = offsetof(InstrumentedToolObject, weak_references);
  type.tp_call = &PyVectorcall_Call;
  type.tp_new = &New;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_getattro = &GetAttribute;
  type.tp_setattro = &PyObject_GenericSetAttr;
  type.tp_descr_get = &Bind;
  type.tp_repr = &Repr;
  type.tp_methods = methods;
  type.tp_getset = properties;
  type.tp_members = members;
  if (PyType_Ready(&type) != 0) return false;
  unbound_tool_type.tp_base = &type;
  unbound_tool_type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
  unbound_tool_type.tp_traverse = &Traverse;
  unbound_tool_type.tp_clear = &Clear;
  unbound_tool_type.tp_vectorcall_offset = type.tp_vectorcall_offset;
  unbound_tool_type.tp_call = type.tp_call;
  unbound_tool_type.tp_descr_get = &DoNotBind;
  if (PyType_Ready(&unbound_tool_type) != 0) return false;
  return PyModule_AddType(module, &type) == 0 &&
         PyModule_AddIntConstant(module, "SYNC", static_cast<long>(Kind::kSync)) == 0 &&
         PyModule_AddIntConstant(module, "COROUTINE", static_cast<long>(Kind::kCoroutine)) == 0 &&
         PyModule_AddIntConstant(module, "GENERATOR", static_cast<long>(Kind::kGenerator)) == 0 &&
         PyModule_AddIntConstant(module, "ASYNC_GENERATOR", static_cast<long>(Kind::kAsyncGenerator)) == 0;
}

}  // namespace toolvitals
