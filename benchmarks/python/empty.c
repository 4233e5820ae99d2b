/* The floor of every call into C: a function and a method, METH_NOARGS, that do nothing. */
#include <Python.h>

static PyObject* nothing(PyObject* self, PyObject* arguments) {
  (void)self;
  (void)arguments;
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {{"nothing", nothing, METH_NOARGS, "Does nothing."}, {NULL, NULL, 0, NULL}};
static PyType_Slot slots[] = {{Py_tp_methods, methods}, {0, NULL}};
static PyType_Spec spec = {"empty.Empty", sizeof(PyObject), 0, Py_TPFLAGS_DEFAULT, slots};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "empty", NULL, -1, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_empty(void) {
  PyObject* module = PyModule_Create(&definition);
  if (module == NULL) return NULL;
  PyObject* type = PyType_FromSpec(&spec);
  if (type == NULL || PyModule_AddObject(module, "Empty", type) < 0) {
    Py_XDECREF(type);
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
