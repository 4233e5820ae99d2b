// The strict grammar of a request's head, checked byte by byte before any parser sees it.
// Floor: serve.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace toolvitals {

// Two programs that read one byte stream differently can be made to see different requests in it; that is request
// smuggling. Parsers forgive: Beast unfolds obs-fold and passes over some malformed lines. So everything that
// RFC 9112 lets a server refuse is refused here, at the first byte that shows it:
//
//   head    = token SP target SP version CRLF *( token ":" value CRLF ) CRLF
//   target  = 1*( visible ASCII )      value = *( HTAB / SP / visible ASCII / byte over 127 )
//
// that is: a bare LF or CR, a folded line, white space before a colon or before the request line, a control byte, a
// second space. Lines before the request line, which RFC 9112 lets a server skip, are refused too. Each byte is looked
// at once, however the bytes arrive.
class HeadScanner {
 public:
  enum class Verdict : uint8_t { kNeedMore, kComplete, kMalformed, kTooLarge };

  // `buffered` begins with the head's first byte and grows from call to call.
  Verdict Scan(std::string_view buffered);

  // Length of the head with its final empty line, once the verdict is kComplete.
  size_t head_bytes() const { return position_; }

  // Makes ready for the next head.
  void Reset() { *this = HeadScanner(); }

 private:
  enum class State : uint8_t { kStart, kRequestLine, kLineFeed, kFieldStart, kFieldName, kFieldValue, kLastLineFeed };

  Verdict Step(unsigned char byte);
  Verdict StepRequestLine(unsigned char byte);

  size_t position_ = 0;
  size_t fields_ = 0;
  int spaces_ = 0;
  bool after_space_ = false;
  State state_ = State::kStart;
};

}  // namespace toolvitals
