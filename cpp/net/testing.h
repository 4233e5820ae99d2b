// A folder for sockets.
// Floor: net, tests only.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>

#include "base/testing.h"

namespace toolvitals {

inline size_t CountEntries(const char* directory) {
  const std::filesystem::directory_iterator entries(directory);
  return static_cast<size_t>(std::distance(begin(entries), end(entries)));
}

class SocketFolder : public TemporaryFolder {
 public:
  std::string operator/(const std::string& name) const { return path() + "/" + name; }
  size_t entries() const { return CountEntries(path().c_str()); }
};

}  // namespace toolvitals
