# What the core stands on. An installed package is taken first; a machine without it downloads the pinned source, held
# to its hash. A machine that has every package never touches the network.
#
# Where a hash comes from: the releases' own manifests, as the package managers that ship them record them.

include(FetchContent)
set(FETCHCONTENT_QUIET ON)
find_package(Threads REQUIRED)

set(ABSL_PROPAGATE_CXX_STD ON)
set(ABSL_ENABLE_INSTALL OFF)
FetchContent_Declare(
  absl
  URL https://github.com/abseil/abseil-cpp/releases/download/20240116.2/abseil-cpp-20240116.2.tar.gz
  URL_HASH SHA256=733726b8c3a6d39a4120d7e45ea8b41a434cdacde401cba500f14236c49b39dc
  SYSTEM FIND_PACKAGE_ARGS CONFIG)

# Header-only use of Asio and Beast. The folder named by SOURCE_SUBDIR has no CMakeLists.txt, so the archive is
# unpacked and nothing in it is configured.
FetchContent_Declare(
  Boost
  URL https://archives.boost.io/release/1.83.0/source/boost_1_83_0.tar.bz2
  URL_HASH SHA256=6478edfe2f3305127cffe8caf73ea0176c53769f4bf1585be237eb30798c3b8e
  SOURCE_SUBDIR boost SYSTEM FIND_PACKAGE_ARGS 1.74)

set(ZLIB_BUILD_EXAMPLES OFF)
FetchContent_Declare(
  ZLIB
  URL https://github.com/madler/zlib/releases/download/v1.3.1/zlib-1.3.1.tar.gz
  URL_HASH SHA256=9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23
  SYSTEM FIND_PACKAGE_ARGS)

set(JSON_BuildTests OFF)
set(JSON_Install OFF)
FetchContent_Declare(
  nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.3/json.tar.xz
  URL_HASH SHA256=d6c65aca6b1ed68e7a182f4757257b107ae403032760ed6ef121c9d55e81757d
  SYSTEM FIND_PACKAGE_ARGS 3.11 CONFIG)

FetchContent_MakeAvailable(absl Boost ZLIB nlohmann_json)

if(NOT TARGET Boost::headers)
  add_library(toolvitals_boost_headers INTERFACE)
  target_include_directories(toolvitals_boost_headers SYSTEM INTERFACE "${boost_SOURCE_DIR}")
  add_library(Boost::headers ALIAS toolvitals_boost_headers)
endif()

if(NOT TARGET ZLIB::ZLIB)
  target_include_directories(zlibstatic SYSTEM INTERFACE "${zlib_SOURCE_DIR}" "${zlib_BINARY_DIR}")
  add_library(ZLIB::ZLIB ALIAS zlibstatic)
endif()

# Header-only, and its package has no configuration file.
find_path(TOOLVITALS_PROTOZERO_INCLUDE protozero/pbf_writer.hpp)
mark_as_advanced(TOOLVITALS_PROTOZERO_INCLUDE)
set(toolvitals_protozero_include "${TOOLVITALS_PROTOZERO_INCLUDE}")
if(NOT toolvitals_protozero_include)
  FetchContent_Declare(
    protozero
    URL https://github.com/mapbox/protozero/archive/refs/tags/v1.7.1.tar.gz
    URL_HASH SHA256=27e0017d5b3ba06d646a3ec6391d5ccc8500db821be480aefd2e4ddc3de5ff99
    SOURCE_SUBDIR include)
  FetchContent_MakeAvailable(protozero)
  set(toolvitals_protozero_include "${protozero_SOURCE_DIR}/include")
endif()
add_library(toolvitals_protozero INTERFACE)
target_include_directories(toolvitals_protozero SYSTEM INTERFACE "${toolvitals_protozero_include}")

if(TOOLVITALS_BUILD_PYTHON)
  find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
  if(NOT pybind11_DIR)
    # scikit-build-core puts PyPI's pybind11 on CMAKE_PREFIX_PATH; a plain CMake build asks the interpreter for it.
    execute_process(
      COMMAND "${Python_EXECUTABLE}" -m pybind11 --cmakedir
      OUTPUT_VARIABLE pybind11_hint
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endif()
  find_package(pybind11 3 REQUIRED CONFIG HINTS "${pybind11_hint}")
endif()

if(TOOLVITALS_BUILD_PUSH STREQUAL "AUTO")
  # An installed package that has the push library; it is not worth a download.
  find_package(prometheus-cpp QUIET CONFIG)
endif()
if(TOOLVITALS_BUILD_TESTS OR TOOLVITALS_BUILD_BENCHMARKS OR TOOLVITALS_BUILD_PUSH STREQUAL "ON")
  # The push library needs libcurl, which is only looked for where it is asked for.
  string(COMPARE EQUAL "${TOOLVITALS_BUILD_PUSH}" "ON" ENABLE_PUSH)
  set(ENABLE_PULL OFF)
  set(ENABLE_TESTING OFF)
  FetchContent_Declare(
    prometheus-cpp
    URL https://github.com/jupp0r/prometheus-cpp/releases/download/v1.3.0/prometheus-cpp-with-submodules.tar.gz
    URL_HASH SHA256=62bc2cc9772db2314dbaae506ae2a75c8ee897dab053d8729e86a637b018fdb6
    SYSTEM FIND_PACKAGE_ARGS CONFIG)
  FetchContent_MakeAvailable(prometheus-cpp)
endif()

if(TOOLVITALS_BUILD_TESTS)
  set(INSTALL_GTEST OFF)
  FetchContent_Declare(
    googletest
    URL https://github.com/google/googletest/archive/refs/tags/v1.14.0.tar.gz
    URL_HASH SHA256=8ad598c73ad796e0d8280b082cebd82a630d73e73cd3c70057938a6501bba5d7
    SYSTEM FIND_PACKAGE_ARGS NAMES GTest)
  FetchContent_MakeAvailable(googletest)
  include(GoogleTest)
endif()

if(TOOLVITALS_BUILD_BENCHMARKS)
  set(BENCHMARK_ENABLE_TESTING OFF)
  set(BENCHMARK_ENABLE_INSTALL OFF)
  FetchContent_Declare(
    benchmark
    URL https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz
    URL_HASH SHA256=6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce
    SYSTEM FIND_PACKAGE_ARGS CONFIG)
  FetchContent_MakeAvailable(benchmark)
endif()

# Where Abseil comes as shared libraries, they share one C++ runtime with our module, and `make wheel` carries them into
# the wheel. Debian's archives cannot be used instead: they are not position-independent (thread-local storage is
# addressed as in an executable), so no shared object can hold them.
get_target_property(toolvitals_absl_type absl::synchronization TYPE)
if(toolvitals_absl_type STREQUAL "SHARED_LIBRARY")
  set(TOOLVITALS_SHARED_RUNTIME ON)
else()
  set(TOOLVITALS_SHARED_RUNTIME OFF)
endif()
# Elsewhere the C++ runtime is carried along, so that the module runs where none, or an older one, is installed.
set(TOOLVITALS_STATIC_RUNTIME OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT TOOLVITALS_SHARED_RUNTIME AND NOT TOOLVITALS_SANITIZE AND NOT
                                          TOOLVITALS_COVERAGE)
  set(TOOLVITALS_STATIC_RUNTIME ON)
endif()

# The libraries that every floor may use. The linker drops those that nothing is asked of.
add_library(toolvitals_dependencies INTERFACE)
target_link_libraries(
  toolvitals_dependencies
  INTERFACE absl::base
            absl::cleanup
            absl::core_headers
            absl::fixed_array
            absl::flat_hash_map
            absl::flat_hash_set
            absl::hash
            absl::inlined_vector
            absl::span
            absl::status
            absl::statusor
            absl::str_format
            absl::strings
            absl::synchronization
            absl::time
            Threads::Threads)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_link_options(toolvitals_dependencies INTERFACE -Wl,--as-needed)
endif()
