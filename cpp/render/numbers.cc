// Choosing between the two notations of std::to_chars.
// Floor: render.
#include "render/numbers.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string_view>

namespace toolvitals {
namespace {

// repr() leaves the plain notation outside of these magnitudes.
constexpr double kSmallestPlain = 1e-4;
constexpr double kReprPlainEnd = 1e16;
constexpr double kGoPlainEnd = 1e6;

char* Copy(std::string_view text, char* at) {
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

char* WriteFinite(double value, double plain_end, char* at) {
  const double magnitude = std::fabs(value);
  if (magnitude != 0 && (magnitude < kSmallestPlain || magnitude >= plain_end)) {
    return std::to_chars(at, at + kMaxDoubleChars, value, std::chars_format::scientific).ptr;
  }
  char* end = std::to_chars(at, at + kMaxDoubleChars - 2, value, std::chars_format::fixed).ptr;
  if (std::memchr(at, '.', static_cast<size_t>(end - at)) == nullptr) end = Copy(".0", end);
  return end;
}

}  // namespace

char* WriteReprDouble(double value, char* at) { return WriteFinite(value, kReprPlainEnd, at); }

char* WriteGoDouble(double value, char* at) {
  if (std::isnan(value)) return Copy("NaN", at);
  if (std::isinf(value)) return Copy(value > 0 ? "+Inf" : "-Inf", at);
  return WriteFinite(value, value > 0 ? kGoPlainEnd : kReprPlainEnd, at);
}

}  // namespace toolvitals
