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

FetchContent_MakeAvailable(absl Boost ZLIB)

if(NOT TARGET Boost::headers)
  add_library(toolvitals_boost_headers INTERFACE)
  target_include_directories(toolvitals_boost_headers SYSTEM INTERFACE "${boost_SOURCE_DIR}")
  add_library(Boost::headers ALIAS toolvitals_boost_headers)
endif()

if(NOT TARGET ZLIB::ZLIB)
  target_include_directories(zlibstatic SYSTEM INTERFACE "${zlib_SOURCE_DIR}" "${zlib_BINARY_DIR}")
  add_library(ZLIB::ZLIB ALIAS zlibstatic)
endif()

if(TOOLVITALS_BUILD_TESTS OR TOOLVITALS_BUILD_BENCHMARKS)
  set(ENABLE_PUSH OFF)
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

# Distributions describe Abseil's shared libraries to CMake and ship the static ones beside them. The extension module
# must run on machines without either, so the imported targets are pointed at the archives.
function(toolvitals_link_statically)
  set(pending ${ARGN})
  set(seen "")
  while(pending)
    list(POP_FRONT pending target)
    if(target IN_LIST seen OR NOT TARGET ${target})
      continue()
    endif()
    list(APPEND seen ${target})
    get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
    if(links)
      # A dependency that only the linker needs is written $<LINK_ONLY:name>.
      string(REGEX REPLACE "\\$<LINK_ONLY:([^>]*)>" "\\1" links "${links}")
      list(APPEND pending ${links})
    endif()
    get_target_property(imported ${target} IMPORTED)
    get_target_property(type ${target} TYPE)
    if(NOT imported OR NOT type STREQUAL "SHARED_LIBRARY")
      continue()
    endif()
    get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
    foreach(configuration IN LISTS configurations)
      get_target_property(shared ${target} IMPORTED_LOCATION_${configuration})
      string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${shared}")
      if(NOT EXISTS "${archive}")
        message(FATAL_ERROR "${target} has no static library: ${archive} does not exist")
      endif()
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION_${configuration} "${archive}"
                                                 IMPORTED_SONAME_${configuration} "")
    endforeach()
  endwhile()
endfunction()

set(toolvitals_absl
    absl::base
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
    absl::time)
toolvitals_link_statically(${toolvitals_absl})

# The libraries that every floor may use. Archives only give what is asked of them.
add_library(toolvitals_dependencies INTERFACE)
target_link_libraries(toolvitals_dependencies INTERFACE ${toolvitals_absl} Threads::Threads)
