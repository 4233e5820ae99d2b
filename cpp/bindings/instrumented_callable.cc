// InstrumentedCallable: attributes, class and binding are the wrapped object's; calls are recorded.
// Floor: bindings.
#include "bindings/instrumented_callable.h"

#include <cstddef>

#include "bindings/recorder.h"

namespace toolvitals {
namespace {

struct CallableObject {
  RecorderObject recorder;
  PyObject* dict;  // what inspect and functools.wraps read of a function; every other attribute is the wrapped object's
  PyObject* weak_references;
};

PyTypeObject callable_type =
    BlankType("toolvitals.InstrumentedCallable", sizeof(CallableObject),
              "A callable object around a tool that records its calls; what @toolvitals.tool returns for an object.");

CallableObject* Self(PyObject* self) { return reinterpret_cast<CallableObject*>(self); }
PyObject* Wrapped(PyObject* self) { return Recorder(self)->wrapped; }

// As functools.update_wrapper() does: attributes that are not there are left out.
bool TakeOverAttributes(PyObject* self) {
  PyObject* dict = Self(self)->dict;
  for (const char* name : {"__module__", "__name__", "__qualname__", "__doc__"}) {
    const OwnedRef value(PyObject_GetAttrString(Wrapped(self), name));
    if (!value) {
      if (!PyErr_ExceptionMatches(PyExc_AttributeError)) return false;
      PyErr_Clear();
    } else if (PyDict_SetItemString(dict, name, value.get()) != 0) {
      return false;
    }
  }
  return true;
}

PyObject* Make(PyObject* wrapped, PyObject* tool, CallableKind kind) {
  OwnedRef self(MakeRecorder(&callable_type, wrapped, tool, kind));
  if (!self) return nullptr;
  Self(self.get())->dict = PyDict_New();
  if (Self(self.get())->dict == nullptr || !TakeOverAttributes(self.get())) return nullptr;
  return self.release();
}

PyObject* New(PyTypeObject*, PyObject* args, PyObject* keywords) {
  PyObject* wrapped = nullptr;
  PyObject* tool = nullptr;
  CallableKind kind{};
  if (!ParseRecorderArguments(args, keywords, &wrapped, &tool, &kind)) return nullptr;
  return Make(wrapped, tool, kind);
}

int Traverse(PyObject* self, visitproc visit, void* arg) {
  Py_VISIT(Self(self)->dict);
  return TraverseRecorder(self, visit, arg);
}

int Clear(PyObject* self) {
  Py_CLEAR(Self(self)->dict);
  return ClearRecorder(self);
}

void Dealloc(PyObject* self) {
  PyObject_GC_UnTrack(self);
  if (Self(self)->weak_references != nullptr) PyObject_ClearWeakRefs(self);
  Clear(self);
  Py_TYPE(self)->tp_free(self);
}

// __call__ is asked for by frameworks that want to know what kind of callable an object is.
PyObject* CallMethod(PyObject* self) {
  const OwnedRef call(PyObject_GetAttrString(Wrapped(self), "__call__"));
  return call ? Make(call.get(), Recorder(self)->tool, Recorder(self)->kind) : nullptr;
}

PyObject* GetAttribute(PyObject* self, PyObject* name) {
  if (Wrapped(self) == nullptr) return PyObject_GenericGetAttr(self, name);
  if (PyUnicode_CompareWithASCIIString(name, "__call__") == 0) return CallMethod(self);
  PyObject* own = PyObject_GenericGetAttr(self, name);
  if (own != nullptr || !PyErr_ExceptionMatches(PyExc_AttributeError)) return own;
  PyErr_Clear();
  return PyObject_GetAttr(Wrapped(self), name);
}

// A framework that marks the callable marks the user's object, as it would without us. Builtins and objects with slots
// take no attributes; for these there is room here.
int SetAttribute(PyObject* self, PyObject* name, PyObject* value) {
  if (Wrapped(self) == nullptr) return PyObject_GenericSetAttr(self, name, value);
  if (PyObject_SetAttr(Wrapped(self), name, value) != 0) {
    const bool no_room = PyErr_ExceptionMatches(PyExc_AttributeError) || PyErr_ExceptionMatches(PyExc_TypeError);
    if (!no_room || _PyObject_GetDictPtr(Wrapped(self)) != nullptr) return -1;
    PyErr_Clear();
    return PyObject_GenericSetAttr(self, name, value);
  }
  // What was copied from the object is read from it from now on.
  const int copied = PyDict_Contains(Self(self)->dict, name);
  return copied == 1 ? PyDict_DelItem(Self(self)->dict, name) : copied;
}

bool HasDescriptor(PyObject* object) { return Py_TYPE(object)->tp_descr_get != nullptr; }

// What stands in a class is bound as it would be without us: what its own __get__() gives is what is called, and
// recorded if it can be called. A function's method, the common case, costs no second wrapper.
PyObject* Bind(PyObject* self, PyObject* instance, PyObject* owner) {
  PyObject* wrapped = Wrapped(self);
  if (wrapped == nullptr || !HasDescriptor(wrapped)) return Py_NewRef(self);
  OwnedRef bound(Py_TYPE(wrapped)->tp_descr_get(wrapped, instance, owner));
  if (!bound) return nullptr;
  if (bound.get() == wrapped) return Py_NewRef(self);
  if (PyMethod_Check(bound.get()) && PyMethod_GET_FUNCTION(bound.get()) == wrapped) {
    return PyMethod_New(self, PyMethod_GET_SELF(bound.get()));
  }
  if (!PyCallable_Check(bound.get())) return bound.release();
  return Make(bound.get(), Recorder(self)->tool, Recorder(self)->kind);
}

PyObject* Class(PyObject* self, void*) {
  PyObject* wrapped = Wrapped(self);
  return wrapped == nullptr ? Py_NewRef(reinterpret_cast<PyObject*>(Py_TYPE(self)))
                            : PyObject_GetAttrString(wrapped, "__class__");
}

PyObject* WrappedObject(PyObject* self, void*) { return Py_NewRef(Wrapped(self)); }

// Descriptors are told their name in the class; so is one that is wrapped.
PyObject* SetName(PyObject* self, PyObject* args) {
  PyObject* owner = nullptr;
  PyObject* name = nullptr;
  if (!PyArg_UnpackTuple(args, "__set_name__", 2, 2, &owner, &name)) return nullptr;
  const OwnedRef set_name(PyObject_GetAttrString(reinterpret_cast<PyObject*>(Py_TYPE(Wrapped(self))), "__set_name__"));
  if (!set_name) {
    PyErr_Clear();
    Py_RETURN_NONE;
  }
  const OwnedRef self_and_args(PyTuple_Pack(3, Wrapped(self), owner, name));
  return self_and_args ? PyObject_CallObject(set_name.get(), self_and_args.get()) : nullptr;
}

PyObject* Repr(PyObject* self) { return PyUnicode_FromFormat("<toolvitals.tool around %R>", Wrapped(self)); }

// By name where the module has this very object under it, as functions are pickled; by its parts otherwise.
PyObject* Reduce(PyObject* self, PyObject*) {
  const OwnedRef module(PyImport_ImportModule("toolvitals.decorators"));
  if (!module) return nullptr;
  const OwnedRef reduce(PyObject_GetAttrString(module.get(), "_reduce_callable"));
  return reduce ? PyObject_CallOneArg(reduce.get(), self) : nullptr;
}

PyMethodDef methods[] = {
    {"__reduce__", &Reduce, METH_NOARGS, nullptr},
    {"__set_name__", &SetName, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"__class__", &Class, nullptr, "The wrapped object's class.", nullptr},
    {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr},
    {"__wrapped__", &WrappedObject, nullptr, "What is called.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

bool AddInstrumentedCallableType(PyObject* module) {
  PyTypeObject& type = callable_type;
  type.tp_base = &recorder_type;
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL;
  type.tp_vectorcall_offset = recorder_type.tp_vectorcall_offset;
  type.tp_dictoffset = offsetof(CallableObject, dict);
  type.tp_weaklistoffset = offsetof(CallableObject, weak_references);
  type.tp_call = recorder_type.tp_call;
  type.tp_new = &New;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_getattro = &GetAttribute;
  type.tp_setattro = &SetAttribute;
  type.tp_descr_get = &Bind;
  type.tp_repr = &Repr;
  type.tp_methods = methods;
  type.tp_getset = properties;
  return PyType_Ready(&type) == 0 && PyModule_AddType(module, &type) == 0;
}

}  // namespace toolvitals
