// The parts of the module that pybind11 binds.
// Floor: bindings.
#pragma once

#include <pybind11/pybind11.h>

namespace toolvitals {

void BindSettings(pybind11::module_& module);
void BindServer(pybind11::module_& module);
void BindRoutes(pybind11::module_& module);
void BindIngest(pybind11::module_& module);
void BindClientText(pybind11::module_& module);
void BindSharing(pybind11::module_& module);
void BindSources(pybind11::module_& module);
void BindSnapshot(pybind11::module_& module);

}  // namespace toolvitals
