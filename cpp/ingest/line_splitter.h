// From the bytes of a stream to its lines, without keeping a line that is too long.
// Floor: ingest.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ingest/ingest_limits.h"
#include "ingest/ingest_result.h"

namespace toolvitals {

// Takes what a splitter finds. Lines that hold nothing but blanks are nobody's.
class LineReceiver {
 public:
  virtual ~LineReceiver() = default;
  virtual void OnLine(std::string_view line) = 0;
  virtual void OnBadLine(IngestResult reason) = 0;
};

// The bytes that the unfinished lines of all splitters of one loop take together.
class LineBudget {
 public:
  explicit LineBudget(size_t max_bytes = kMaxPendingBytes) : max_bytes_(max_bytes) {}

  // False, and nothing is taken, where there is not so much left.
  [[nodiscard]] bool Take(size_t bytes) {
    if (bytes > max_bytes_ - used_) return false;
    used_ += bytes;
    return true;
  }
  void Give(size_t bytes) { used_ -= bytes; }
  size_t used() const { return used_; }

 private:
  const size_t max_bytes_;
  size_t used_ = 0;
};

// Of one connection. A line ends in a line feed. What is over the limit is reported once, as soon as it is known, and
// passed over up to its end. An idle connection holds no memory. For one thread.
class LineSplitter {
 public:
  LineSplitter(LineBudget& budget, LineReceiver& receiver) : budget_(budget), receiver_(receiver) {}
  ~LineSplitter() { Drop(); }
  LineSplitter(const LineSplitter&) = delete;
  LineSplitter& operator=(const LineSplitter&) = delete;

  void Append(std::string_view bytes);
  // The stream is over: what it has begun and not ended is not a line.
  void Finish();

 private:
  void TakePart(std::string_view part, bool is_end);
  void Drop();

  LineBudget& budget_;
  LineReceiver& receiver_;
  std::string pending_;
  size_t taken_ = 0;
  bool skipping_ = false;
};

// The lines of a datagram, whose last one needs no line feed.
void SplitDatagram(std::string_view datagram, LineReceiver& receiver);

}  // namespace toolvitals
