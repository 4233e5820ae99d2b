// What the core asks of the kernel beyond POSIX: where a port to another system begins.
// Floor: base.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace toolvitals {

// Thread-safe, all of them. Who fails returns -1 or false, and errno says why.

// A socket and a client of one, close-on-exec and non-blocking from birth: a program that another thread starts at this
// moment inherits neither.
int OpenSocket(int family, int type, int protocol = 0);
int AcceptClient(int listening);

// Names the calling thread, for debuggers and top; at most 15 characters.
void NameThisThread(const char* name);

// Random bits of the kernel; false where it has none to give.
bool FillRandomly(void* bytes, size_t size);

// Makes room in a file: what is written there later finds the disk not full. Fails where the file system cannot, and
// does not write instead, as posix_fallocate() would, beside other writers.
bool ReserveRoom(int descriptor, off_t begin, off_t bytes);

// Gives the room back; the file stays as long as it is, and reads as zeros there.
bool ReturnRoom(int descriptor, off_t begin, off_t bytes);

// A file without a name, in memory, close-on-exec; and the same file opened once more, as a file of its own that locks
// of open file descriptions tell apart.
int MakeFileInMemory(const char* name);
int OpenFileAgain(int descriptor);

}  // namespace toolvitals
