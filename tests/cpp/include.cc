// Includes one header, which its folder may include or must not (tests/CMakeLists.txt).
#include TOOLVITALS_INCLUDED
