// Appends to a string faster than std::string does: room is made in large steps, and what is known to fit is copied
// without asking again.
// Floor: render. Used by one call on one thread.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "render/family_sink.h"
#include "render/numbers.h"

namespace toolvitals {

class Writer {
 public:
  // Whatever is in `out` already stays in front. Between construction and destruction `out` is the writer's alone.
  explicit Writer(std::string& out) : out_(out), at_(out.data() + out.size()), end_(at_) {}
  ~Writer() { out_.resize(written()); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // The length of `out` so far, with what was in it before.
  size_t written() const { return static_cast<size_t>(at_ - out_.data()); }

  // Says how much is about to be written in all, so that the string is allocated once.
  void Expect(size_t bytes) {
    const size_t used = written();
    out_.resize(used);
    out_.reserve(used + bytes);
    at_ = end_ = out_.data() + used;
  }

  // Writes on into the memory of `other`, where both are empty.
  void Use(std::string& other) {
    if (written() != 0 || !other.empty()) return;
    out_.clear();
    out_.swap(other);
    at_ = end_ = out_.data();
  }

  // Appends everything to `other`, and begins anew with the memory that `other` had, where that one was empty.
  void MoveTo(std::string& other) {
    out_.resize(written());
    if (other.empty()) {
      out_.swap(other);
    } else {
      other += out_;
    }
    out_.clear();
    at_ = end_ = out_.data();
  }

  void Text(std::string_view text) {
    Room(text.size());
    Put(text);
  }

  void Unsigned(uint64_t value) {
    Room(kMaxUnsignedChars);
    PutUnsigned(value);
  }

  void Signed(int64_t value) {
    Room(kMaxUnsignedChars + 1);
    at_ = std::to_chars(at_, end_, value).ptr;
  }

  void ReprDouble(double value) {
    Room(kMaxDoubleChars);
    at_ = WriteReprDouble(value, at_);
  }

  void GoDouble(double value) {
    Room(kMaxDoubleChars);
    at_ = WriteGoDouble(value, at_);
  }

  // One line of two pieces, a value and a newline: what most of a scrape consists of.
  void Line(std::string_view head, std::string_view tail, uint64_t value) {
    Room(head.size() + tail.size() + kMaxUnsignedChars + 1);
    Put(head);
    Put(tail);
    PutUnsigned(value);
    *at_++ = '\n';
  }

  void Line(std::string_view head, std::string_view tail, double value) {
    Room(head.size() + tail.size() + kMaxDoubleChars + 1);
    Put(head);
    Put(tail);
    at_ = WriteGoDouble(value, at_);
    *at_++ = '\n';
  }

  // The same of four pieces.
  void Line(std::string_view a, std::string_view b, std::string_view c, std::string_view d, Number value) {
    Start(a, b, c, d, value);
    *at_++ = '\n';
  }

  // The same without the newline, for which there is room.
  void Start(std::string_view a, std::string_view b, std::string_view c, std::string_view d, Number value) {
    Room(a.size() + b.size() + c.size() + d.size() + kMaxDoubleChars + 1);
    Put(a);
    Put(b);
    Put(c);
    Put(d);
    if (value.is_whole) {
      PutUnsigned(value.whole);
    } else {
      at_ = WriteGoDouble(value.real, at_);
    }
  }

 private:
  static constexpr size_t kMaxUnsignedChars = 20;
  // The string is filled with zeros when it grows: in steps that stay in the first-level cache until they are
  // overwritten. A short text is not given the memory of a long one.
  static constexpr size_t kStepBytes = 16 * 1024;
  static constexpr size_t kFirstStepBytes = 64;

  void Room(size_t bytes) {
    if (static_cast<size_t>(end_ - at_) < bytes) Grow(bytes);
  }

  void Grow(size_t bytes) {
    const size_t used = written();
    out_.resize(used + std::max(bytes, std::clamp(used, kFirstStepBytes, kStepBytes)));
    at_ = out_.data() + used;
    end_ = out_.data() + out_.size();
  }

  void Put(std::string_view text) {
    // An empty view may have no address, from which not even nothing may be copied.
    if (!text.empty()) [[likely]]
      std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }

  void PutUnsigned(uint64_t value) { at_ = std::to_chars(at_, end_, value).ptr; }

  std::string& out_;
  char* at_;
  char* end_;
};

}  // namespace toolvitals
