# One target per folder of cpp/. Sources are found by name, so adding a noun needs no edit here:
#
#   counter.h counter.cc    the library toolvitals_<folder>
#   counter_test.cc         the GoogleTest binary <folder>_tests
#   counter_benchmark.cc    the Google Benchmark binary <folder>_benchmarks
#
# A folder can include what it links and nothing else: its headers are found through a root of its own, in which no
# other folder is.

# toolvitals_include_root(<folder> <variable>): where "<folder>/counter.h" is found, and no other folder's headers.
function(toolvitals_include_root folder variable)
  set(root "${PROJECT_BINARY_DIR}/include_roots/${folder}")
  file(MAKE_DIRECTORY "${root}")
  file(CREATE_LINK "${PROJECT_SOURCE_DIR}/cpp/${folder}" "${root}/${folder}" SYMBOLIC)
  set(${variable} "${root}" PARENT_SCOPE)
endfunction()

# toolvitals_library(<folder> [<floor below> or <library>...] [TESTS <floor> or <library>...]): what follows TESTS is
# for the tests and the benchmarks alone.
function(toolvitals_library folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "TESTS")
  set(below ${arg_UNPARSED_ARGUMENTS})
  toolvitals_include_root(${folder} root)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc")
  set(tests ${sources})
  set(benchmarks ${sources})
  list(FILTER sources EXCLUDE REGEX "_(test|benchmark)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER benchmarks INCLUDE REGEX "_benchmark\\.cc$")

  set(library toolvitals_${folder})
  if(sources)
    add_library(${library} STATIC ${sources})
    set_target_properties(${library} PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_include_directories(${library} PUBLIC "${root}")
    target_link_libraries(${library} PUBLIC ${below} toolvitals_dependencies PRIVATE toolvitals_compiler)
  else()
    # A folder of headers.
    add_library(${library} INTERFACE)
    target_include_directories(${library} INTERFACE "${root}")
    target_link_libraries(${library} INTERFACE ${below} toolvitals_dependencies)
  endif()

  if(TOOLVITALS_BUILD_TESTS AND tests)
    toolvitals_tests(${folder}_tests LIBRARIES ${library} ${arg_TESTS} SOURCES ${tests})
  endif()
  if(TOOLVITALS_BUILD_BENCHMARKS AND benchmarks)
    add_executable(${folder}_benchmarks ${benchmarks})
    target_link_libraries(${folder}_benchmarks PRIVATE ${library} ${arg_TESTS} prometheus-cpp::core
                                                       benchmark::benchmark_main toolvitals_compiler)
  endif()
endfunction()

# toolvitals_tests(<name> LIBRARIES ... SOURCES ...): a GoogleTest binary whose cases ctest lists one by one.
function(toolvitals_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LIBRARIES;SOURCES")
  if(TOOLVITALS_SANITIZE STREQUAL "thread" AND TOOLVITALS_SHARED_RUNTIME)
    list(APPEND arg_SOURCES "${PROJECT_SOURCE_DIR}/tests/sanitize/absl_mutex.cc")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_compile_definitions(${name} PRIVATE TOOLVITALS_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} prometheus-cpp::core GTest::gmock GTest::gtest_main
                                        toolvitals_compiler)
  gtest_discover_tests(${name} TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300)
endfunction()
