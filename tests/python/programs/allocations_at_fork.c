/* Counts what the child of a fork allocates before fork() returns there, which is when hooks run. To be preloaded. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

static pid_t forking;
static int allocations;

static void count(void) {
  if (forking != 0 && getpid() != forking) ++allocations;
}

void *malloc(size_t bytes) {
  count();
  return __libc_malloc(bytes);
}

void *calloc(size_t number, size_t bytes) {
  count();
  return __libc_calloc(number, bytes);
}

void *realloc(void *memory, size_t bytes) {
  count();
  return __libc_realloc(memory, bytes);
}

void *memalign(size_t alignment, size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

pid_t fork(void) {
  pid_t (*system_fork)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");
  forking = getpid();
  const pid_t child = system_fork();
  forking = 0;
  return child;
}

int allocations_at_fork(void) { return allocations; }
