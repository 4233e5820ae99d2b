# How our own targets are compiled. Dependencies that are built from source keep their own flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT is_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

find_program(TOOLVITALS_CCACHE ccache)
if(TOOLVITALS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${TOOLVITALS_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${TOOLVITALS_CCACHE}")
endif()

# Linked by every target of ours: the standard, the warnings, the optimization, the sanitizers.
add_library(toolvitals_compiler INTERFACE)
target_compile_features(toolvitals_compiler INTERFACE cxx_std_20)
target_compile_options(
  toolvitals_compiler
  INTERFACE -Wall
            -Wextra
            # The project's own test builds are strict. A user's build of the package must not fail over a warning of a
            # compiler or a dependency newer than this.
            $<$<BOOL:${TOOLVITALS_BUILD_TESTS}>:-Werror>
            # Percentiles are promised bit for bit, which a fused multiply-add would break.
            -ffp-contract=off
            -fno-math-errno
            $<$<CONFIG:Release,RelWithDebInfo>:-O3>
            $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
target_compile_definitions(toolvitals_compiler INTERFACE TOOLVITALS_VERSION="${TOOLVITALS_VERSION}")

if(TOOLVITALS_SANITIZE)
  string(REPLACE ";" "," sanitizers "${TOOLVITALS_SANITIZE}")
  # Everything is instrumented, dependencies that are built from source too; frames stay readable in reports, and the
  # undefined behaviour that is found ends the process.
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${sanitizers})
  # g++'s flow analysis sees through instrumentation poorly and warns of initialized variables.
  target_compile_options(toolvitals_compiler INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-tsan>)
endif()

if(TOOLVITALS_COVERAGE)
  target_compile_options(toolvitals_compiler INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(toolvitals_compiler INTERFACE --coverage)
endif()

if(TOOLVITALS_LTO)
  include(CheckIPOSupported)
  check_ipo_supported()
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
