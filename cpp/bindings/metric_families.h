// Metric objects of Python, prometheus_client's or ours, as families.
// Floor: bindings.
#pragma once

#include <pybind11/pybind11.h>

#include <vector>

#include "model/family_snapshot.h"

namespace toolvitals {

// Each object has name, documentation, type, unit and samples; each sample name, labels, value, timestamp, exemplar and
// native_histogram. Families of one name are one. Throws what an attribute throws, and TypeError or ValueError for
// values of other types.
std::vector<FamilySnapshot> FamiliesOfMetrics(const pybind11::iterable& metrics);

}  // namespace toolvitals
