// Taking sys.hexversion apart. Floor: snapshot.
#include "snapshot/python_version.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "store/layout.h"

namespace toolvitals {
namespace {

// Beside the 32 bits of sys.hexversion: major, minor, micro (8 each), level and serial (4 each).
constexpr uint64_t kModified = uint64_t{1} << 32;
constexpr int kGenerationsShift = 40;

const char* LevelName(uint64_t level) {
  switch (level) {
    case 0xA:
      return "a";
    case 0xB:
      return "b";
    case 0xC:
      return "rc";
    default:
      return nullptr;  // A release.
  }
}

}  // namespace

uint64_t PythonVersionWord(uint32_t hex_version, bool is_modified, size_t gc_generations) {
  return hex_version | (is_modified ? kModified : 0) |
         static_cast<uint64_t>(std::min(gc_generations, kGcGenerations)) << kGenerationsShift;
}

PythonSnapshot PythonOfVersion(uint64_t word) {
  PythonSnapshot python;
  if (word == 0) return python;
  const auto number = [word](int shift) { return word >> shift & 0xFF; };
  python.implementation = "CPython";
  python.major = absl::StrCat(number(24));
  python.minor = absl::StrCat(number(16));
  python.patchlevel = absl::StrCat(number(8));
  if (const char* level = LevelName(word >> 4 & 0xF)) absl::StrAppend(&python.patchlevel, level, word & 0xF);
  if ((word & kModified) != 0) python.patchlevel += '+';
  python.version = absl::StrCat(python.major, ".", python.minor, ".", python.patchlevel);
  python.gc.resize(std::min<size_t>(number(kGenerationsShift), kGcGenerations));
  return python;
}

}  // namespace toolvitals
