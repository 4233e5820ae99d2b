# Says at once, and not by the compiler's errors, where the core does not build, and what a port has to bring.
#
# Also to be run alone: cmake -DCMAKE_SYSTEM_NAME=Darwin -P cmake/ToolvitalsPlatform.cmake
set(system "${CMAKE_SYSTEM_NAME}")
if(NOT system)
  set(system "${CMAKE_HOST_SYSTEM_NAME}")
endif()
if(NOT system STREQUAL "Linux")
  message(
    FATAL_ERROR
      "toolvitals builds on Linux alone so far, and this is ${system}. A port has to bring, each in its one file:\n"
      "  net/io_loop.cc        the descriptors of Asio's loop, of which the one on epoll alone is known\n"
      "  sources/process.cc    processor time, memory and descriptors of a process, which are read from /proc\n"
      "  store/file_region.cc  locks of open file descriptions\n"
      "  store/fork_group.cc   a file in memory that can be opened again, and holes in it\n"
      "  store/segment.cc      the start time of a process, and room that is reserved in a file\n"
      "  base/system_calls.cc  sockets that are close-on-exec from birth, names of threads, random bits\n")
endif()
