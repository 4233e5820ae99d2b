// refresh_crew: the threads that call Python to collect.
// Floor: bindings.
#pragma once

#include <pybind11/pybind11.h>

#include "sources/refresh_demand.h"

namespace toolvitals {

// Never destroyed: a thread may still wait for it while the program ends.
RefreshDemand& GlobalRefreshDemand();

void BindRefreshCrew(pybind11::module_& module);

}  // namespace toolvitals
