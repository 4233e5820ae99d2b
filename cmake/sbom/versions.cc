// Prints a line "name version" for each library whose headers the package is compiled with: what the bill of materials
// says of versions is what the compiler saw.
#include <absl/base/config.h>
#include <pybind11/detail/common.h>
#include <zlib.h>

#include <boost/version.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <protozero/version.hpp>

int main() {
#ifdef ABSL_LTS_RELEASE_VERSION
  std::printf("abseil-cpp %d.%d\n", ABSL_LTS_RELEASE_VERSION, ABSL_LTS_RELEASE_PATCH_LEVEL);
#else
  std::printf("abseil-cpp head\n");
#endif
  std::printf("boost %d.%d.%d\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
#ifdef __GNUC__
  std::printf("gcc-runtime %d.%d.%d\n", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
  std::printf("nlohmann-json %d.%d.%d\n", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
              NLOHMANN_JSON_VERSION_PATCH);
  std::printf("protozero %s\n", PROTOZERO_VERSION_STRING);
  std::printf("pybind11 %d.%d.%s\n", PYBIND11_VERSION_MAJOR, PYBIND11_VERSION_MINOR,
              PYBIND11_TOSTRING(PYBIND11_VERSION_PATCH));
  std::printf("zlib %s\n", ZLIB_VERSION);
  return 0;
}
