# The bill of materials of a wheel, dist-info/sboms/toolvitals.cdx.json (PEP 770): what is in the shared objects that
# this build made, of which version, and how it is linked.

# toolvitals_linkage(<variable> <target>): "shared" where the library stays a file of its own, else "static".
function(toolvitals_linkage variable target)
  get_target_property(type ${target} TYPE)
  set(linkage static)
  if(type STREQUAL "SHARED_LIBRARY")
    set(linkage shared)
  elseif(type STREQUAL "UNKNOWN_LIBRARY")
    # CMake's own find modules name a file, and not what it is.
    get_target_property(location ${target} IMPORTED_LOCATION)
    if(NOT location)
      get_target_property(location ${target} IMPORTED_LOCATION_RELEASE)
    endif()
    if(NOT location MATCHES "\\${CMAKE_STATIC_LIBRARY_SUFFIX}$")
      set(linkage shared)
    endif()
  endif()
  set(${variable} ${linkage} PARENT_SCOPE)
endfunction()

toolvitals_linkage(absl absl::synchronization)
toolvitals_linkage(zlib ZLIB::ZLIB)
set(libraries abseil-cpp=${absl} boost=headers nlohmann-json=headers protozero=headers pybind11=headers zlib=${zlib})
if(TARGET _push)
  toolvitals_linkage(push prometheus-cpp::push)
  # Its headers do not say their version.
  list(APPEND libraries prometheus-cpp=${push}@${prometheus-cpp_VERSION})
endif()
if(TOOLVITALS_STATIC_RUNTIME)
  list(APPEND libraries gcc-runtime=static)
endif()

add_executable(toolvitals_versions cmake/sbom/versions.cc)
target_include_directories(toolvitals_versions SYSTEM PRIVATE ${Python_INCLUDE_DIRS})
target_link_libraries(toolvitals_versions PRIVATE toolvitals_dependencies toolvitals_protozero pybind11::headers
                                                  Boost::headers nlohmann_json::nlohmann_json ZLIB::ZLIB)

set(sbom "${CMAKE_CURRENT_BINARY_DIR}/toolvitals.cdx.json")
set(write_sbom "${CMAKE_CURRENT_SOURCE_DIR}/cmake/sbom/write_sbom.py")
add_custom_command(
  OUTPUT "${sbom}"
  COMMAND "${Python_EXECUTABLE}" "${write_sbom}" --version "${TOOLVITALS_VERSION}" --versions
          "$<TARGET_FILE:toolvitals_versions>" --output "${sbom}" ${libraries}
  DEPENDS toolvitals_versions "${write_sbom}"
  VERBATIM)
add_custom_target(toolvitals_sbom ALL DEPENDS "${sbom}")
install(FILES "${sbom}" DESTINATION "${SKBUILD_METADATA_DIR}/sboms" COMPONENT python)
