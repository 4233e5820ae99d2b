// InstrumentedCallable: attributes, class and binding are the wrapped object's; calls are recorded.
// Floor: bindings.
#include "bindings/instrumented_callable.h"

#include <cstddef>
#include <utility>

#include "bindings/guard.h"
#include "bindings/recorder.h"

namespace toolvitals {
namespace {

struct CallableObject {
  RecorderObject recorder;
  PyObject* dict;  // what inspect and functools.wraps read of a function; every other attribute is the wrapped object's
  PyObject* weak_references;
  bool told;  // that what a look-up gave cannot be called
};

PyTypeObject callable_type =
    BlankType("toolvitals.InstrumentedCallable", sizeof(CallableObject),
              "A callable object around a tool that records its calls; what @toolvitals.tool returns for an object.");
// A type of its own, since some ask whether there is a __get__ at all: Enum makes no member of what has one.
PyTypeObject descriptor_type =
    BlankType("toolvitals.InstrumentedDescriptor", sizeof(CallableObject),
              "An InstrumentedCallable around an object that is bound when it is looked up in a class.");

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

PyTypeObject* TypeFor(PyObject* wrapped) {
  return Py_TYPE(wrapped)->tp_descr_get == nullptr ? &callable_type : &descriptor_type;
}

PyObject* Make(PyTypeObject* type, PyObject* wrapped, PyObject* tool, CallableKind kind) {
  OwnedRef self(MakeRecorder(type, wrapped, tool, kind));
  if (!self) return nullptr;
  Self(self.get())->dict = PyDict_New();
  if (Self(self.get())->dict == nullptr || !TakeOverAttributes(self.get())) return nullptr;
  return self.release();
}

PyObject* New(PyTypeObject* type, PyObject* args, PyObject* keywords) {
  PyObject* wrapped = nullptr;
  PyObject* tool = nullptr;
  CallableKind kind{};
  if (!ParseRecorderArguments(args, keywords, &wrapped, &tool, &kind)) return nullptr;
  return Make(type == &callable_type ? TypeFor(wrapped) : type, wrapped, tool, kind);
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
  return call ? Make(TypeFor(call.get()), call.get(), Recorder(self)->tool, Recorder(self)->kind) : nullptr;
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

// Calls a function of toolvitals.decorators.
template <typename... Arguments>
PyObject* CallDecorators(const char* name, Arguments... arguments) {
  const OwnedRef module(PyImport_ImportModule("toolvitals.decorators"));
  if (!module) return nullptr;
  const OwnedRef function(PyObject_GetAttrString(module.get(), name));
  return function ? PyObject_CallFunctionObjArgs(function.get(), arguments..., nullptr) : nullptr;
}

// A property, say, which nobody could tell from a method when it was decorated: the user hears of it, once.
bool TellUncallable(PyObject* self, PyObject* bound) {
  if (std::exchange(Self(self)->told, true)) return true;
  const OwnedRef told(CallDecorators("_tell_uncallable", self, bound));
  return static_cast<bool>(told);
}

// What stands in a class is bound as it would be without us: what its own __get__() gives is what is called, and
// recorded if it can be called. A function's method, the common case, costs no second wrapper.
PyObject* Bind(PyObject* self, PyObject* instance, PyObject* owner) {
  PyObject* wrapped = Wrapped(self);
  if (wrapped == nullptr || Py_TYPE(wrapped)->tp_descr_get == nullptr) return Py_NewRef(self);
  OwnedRef bound(Py_TYPE(wrapped)->tp_descr_get(wrapped, instance, owner));
  if (!bound) return nullptr;
  if (bound.get() == wrapped) return Py_NewRef(self);
  if (PyMethod_Check(bound.get()) && PyMethod_GET_FUNCTION(bound.get()) == wrapped) {
    return PyMethod_New(self, PyMethod_GET_SELF(bound.get()));
  }
  if (!PyCallable_Check(bound.get())) return TellUncallable(self, bound.get()) ? bound.release() : nullptr;
  return Make(TypeFor(bound.get()), bound.get(), Recorder(self)->tool, Recorder(self)->kind);
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
PyObject* Reduce(PyObject* self, PyObject*) { return CallDecorators("_reduce_callable", self); }

PyObject* Dir(PyObject* self, PyObject*) { return PyObject_Dir(Wrapped(self)); }

PyMethodDef methods[] = {
    {"__dir__", Guarded<&Dir>, METH_NOARGS, nullptr},
    {"__reduce__", Guarded<&Reduce>, METH_NOARGS, nullptr},
    {"__set_name__", Guarded<&SetName>, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef properties[] = {
    {"__class__", Guarded<&Class>, nullptr, "The wrapped object's class.", nullptr},
    {"__dict__", &PyObject_GenericGetDict, &PyObject_GenericSetDict, nullptr, nullptr},
    {"__wrapped__", Guarded<&WrappedObject>, nullptr, "What is called.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

}  // namespace

bool AddInstrumentedCallableType(PyObject* module) {
  PyTypeObject& type = callable_type;
  type.tp_base = &recorder_type;
  // A base for the types whose objects are wrapped with their special methods (toolvitals/_callable_types.py).
  type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_BASETYPE;
  type.tp_vectorcall_offset = recorder_type.tp_vectorcall_offset;
  type.tp_dictoffset = offsetof(CallableObject, dict);
  type.tp_weaklistoffset = offsetof(CallableObject, weak_references);
  type.tp_call = recorder_type.tp_call;
  type.tp_new = Guarded<&New>;
  type.tp_dealloc = &Dealloc;
  type.tp_traverse = &Traverse;
  type.tp_clear = &Clear;
  type.tp_getattro = Guarded<&GetAttribute>;
  type.tp_setattro = Guarded<&SetAttribute>;
  type.tp_repr = Guarded<&Repr>;
  type.tp_methods = methods;
  type.tp_getset = properties;
  descriptor_type.tp_base = &callable_type;
  descriptor_type.tp_flags |= Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_BASETYPE;
  descriptor_type.tp_vectorcall_offset = type.tp_vectorcall_offset;
  descriptor_type.tp_call = type.tp_call;
  descriptor_type.tp_traverse = &Traverse;
  descriptor_type.tp_clear = &Clear;
  descriptor_type.tp_descr_get = Guarded<&Bind>;
  return PyType_Ready(&type) == 0 && PyModule_AddType(module, &type) == 0 && PyType_Ready(&descriptor_type) == 0 &&
         PyModule_AddType(module, &descriptor_type) == 0;
}

}  // namespace toolvitals
