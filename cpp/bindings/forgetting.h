// Taking what other processes recorded out of what counts.
// Floor: bindings.
#pragma once

#include <string_view>
#include <vector>

#include "bindings/python.h"
#include "registry/family.h"
#include "snapshot/series_filter.h"

namespace toolvitals {

// For reset(), or with a filter for what removes series, after the process's own are gone. The GIL is released
// meanwhile. False with RuntimeError where somebody keeps the others from being changed.
bool ForgetElsewhere(const SeriesFilter* only);

// All series of what others have of a family: of one that the endpoints show, of the name; of any other, of it alone.
SeriesFilter AllOf(const Family& family);

// What ended processes left of a family that this one shows no longer; nothing where another one that lives has
// registered a family of that name, or was forked with the same one.
bool ForgetFamilyElsewhere(const Family& family);

// Of one series, by the names and values of its labels.
bool ForgetElsewhere(const Family& family, const std::vector<std::string_view>& values);

// Of the series that label sets past a budget share.
bool ForgetOverflowElsewhere(const Family& family);

}  // namespace toolvitals
