// Bits from the kernel, and where it has none to give, from the clock. Floor: base.
#include "base/random_bits.h"

#include <time.h>

#include "base/system_calls.h"

namespace toolvitals {

uint64_t RandomBits() {
  uint64_t random = 0;
  if (!FillRandomly(&random, sizeof(random))) {
    timespec now = {};
    clock_gettime(CLOCK_REALTIME, &now);
    random = static_cast<uint64_t>(now.tv_sec) << 32 ^ static_cast<uint64_t>(now.tv_nsec);
  }
  return random;
}

}  // namespace toolvitals
