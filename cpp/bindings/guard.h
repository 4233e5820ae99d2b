// What CPython calls, without letting a C++ exception out: CPython is C, and one that reached it would end the process.
// Floor: bindings.
#pragma once

#include <exception>
#include <type_traits>

#include "bindings/python.h"

namespace toolvitals {

// Raises in Python what was thrown: MemoryError where memory is short.
void RaiseThrown(const std::exception& thrown);
// Drops a record for which there was no memory, as Drop() does.
PyObject* DropForMemory();

template <typename Function, Function function>
struct Guard;

template <typename Result, typename... Arguments, Result (*function)(Arguments...)>
struct Guard<Result (*)(Arguments...), function> {
  static Result Call(Arguments... arguments) {
    try {
      return function(arguments...);
    } catch (const std::exception& thrown) {
      RaiseThrown(thrown);
      if constexpr (std::is_pointer_v<Result>) {
        return nullptr;
      } else {
        return static_cast<Result>(-1);
      }
    }
  }

  static Result Record(Arguments... arguments) {
    try {
      return function(arguments...);
    } catch (const std::exception&) {
      return DropForMemory();
    }
  }
};

// For slots and for tables of methods and attributes: what is thrown is raised.
template <auto function>
inline constexpr auto Guarded = &Guard<decltype(function), function>::Call;

// For methods that record, which do not raise into the application: the record is dropped and counted.
template <auto function>
inline constexpr auto GuardedRecord = &Guard<decltype(function), function>::Record;

}  // namespace toolvitals
