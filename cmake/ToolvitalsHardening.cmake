# What makes a memory fault end the process instead of serving whoever provoked it. For all that is compiled here, the
# dependencies that are built from source too, for they end up in what ships.
#
# Sanitizers see more than these do, and some of their interceptors do not know the checked functions of the C library.
if(TOOLVITALS_SANITIZE)
  return()
endif()

include(CheckCXXCompilerFlag)
include(CheckCXXSourceCompiles)
include(CheckLinkerFlag)

# toolvitals_hardened_compilation(<flag>): compiles with it where the compiler knows it.
function(toolvitals_hardened_compilation flag)
  string(MAKE_C_IDENTIFIER "TOOLVITALS_HAS${flag}" known)
  check_cxx_compiler_flag("${flag}" ${known})
  if(${known})
    add_compile_options("${flag}")
  endif()
endfunction()

# toolvitals_hardened_link(<flag>): links with it where the linker knows it.
function(toolvitals_hardened_link flag)
  string(MAKE_C_IDENTIFIER "TOOLVITALS_HAS${flag}" known)
  check_linker_flag(CXX "${flag}" ${known})
  if(${known})
    add_link_options("${flag}")
  endif()
endfunction()

# The C library's functions know how large what they write to is. Level 3, which also sees sizes that are known while
# the program runs, wants GCC 12 or clang 9 and glibc 2.34; elsewhere the C library warns of it. Without optimization
# there is no such check.
set(CMAKE_REQUIRED_FLAGS "-O2 -Werror -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3")
check_cxx_source_compiles("#include <cstring>\nint main() { return 0; }" TOOLVITALS_HAS_FORTIFY_3)
unset(CMAKE_REQUIRED_FLAGS)
if(TOOLVITALS_HAS_FORTIFY_3)
  set(fortify 3)
else()
  set(fortify 2)
endif()
add_compile_options("$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=${fortify}>")

# Functions with arrays on the stack notice that their return address was overwritten.
toolvitals_hardened_compilation(-fstack-protector-strong)
# A large frame cannot step over the guard page below a stack.
toolvitals_hardened_compilation(-fstack-clash-protection)
# Returns and indirect jumps go only where they should, on processors that hold them to it: x86-64, then arm64.
toolvitals_hardened_compilation(-fcf-protection)
toolvitals_hardened_compilation(-mbranch-protection=standard)

# What the dynamic linker filled in is read-only from then on, and nothing on a stack is executed.
toolvitals_hardened_link("-Wl,-z,relro,-z,now")
toolvitals_hardened_link("-Wl,-z,noexecstack")
