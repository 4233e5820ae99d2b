// Doubles as text, the same in every locale, with the fewest digits that read back as the same double.
// Floor: render.
#pragma once

#include <cstddef>

namespace toolvitals {

// Enough for any double in either notation below.
inline constexpr size_t kMaxDoubleChars = 32;

// As Python's repr() writes a float: `12.0`, `0.1`, `1e-05`, `1e+16`; always with a point or an exponent, so that a
// JSON reader takes it for a float. The value must be finite. Returns one past the last character written.
char* WriteReprDouble(double value, char* at);

// As prometheus_client writes a sample value and the `le` of a bucket: like repr(), but positive values of a million
// and more have an exponent (`1e+06`), and there are `NaN`, `+Inf` and `-Inf`.
char* WriteGoDouble(double value, char* at);

}  // namespace toolvitals
