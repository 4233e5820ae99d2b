// What the kernel says of this process.
// Floor: sources.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "model/snapshot.h"

namespace toolvitals {

// Where the kernel tells of processes: /proc, or what tests put in its place.
std::string ProcRoot();
void SetProcRoot(std::string proc_root);

// Reads <proc_root>/self on Linux; where that cannot be read, and on other systems, what getrusage() and getrlimit()
// tell. What stays unknown is 0. Another root than /proc is for tests.
//
// Of another process it is less, where the kernel tells less of those.
//
// Never throws but std::bad_alloc. Any thread; holds no lock, so the child of a fork in mid-read may read at once.
ProcessSnapshot ReadProcess(const std::string& proc_root = ProcRoot());

// The same of another process; nullopt where it is none that began at that time, as field 22 of its stat says.
std::optional<ProcessSnapshot> ReadOtherProcess(uint64_t process_id, uint64_t start_ticks,
                                                const std::string& proc_root = ProcRoot());

}  // namespace toolvitals
