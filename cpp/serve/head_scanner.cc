// A machine of few states that steps through a head's bytes. Floor: serve.
#include "serve/head_scanner.h"

#include <algorithm>
#include <array>

#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

constexpr std::array<bool, 256> TokenTable() {
  std::array<bool, 256> table = {};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kIsToken = TokenTable();

constexpr bool IsVisible(unsigned char byte) { return byte > 0x20 && byte < 0x7f; }
constexpr bool IsFieldValue(unsigned char byte) { return (byte >= 0x20 && byte != 0x7f) || byte == '\t'; }

}  // namespace

HeadScanner::Verdict HeadScanner::Scan(std::string_view buffered) {
  const size_t end = std::min(buffered.size(), kMaxRequestHeadBytes);
  while (position_ < end) {
    const Verdict verdict = Step(static_cast<unsigned char>(buffered[position_++]));
    if (verdict != Verdict::kNeedMore) return verdict;
  }
  return position_ == kMaxRequestHeadBytes ? Verdict::kTooLarge : Verdict::kNeedMore;
}

HeadScanner::Verdict HeadScanner::Step(unsigned char byte) {
  switch (state_) {
    case State::kStart:
      state_ = State::kRequestLine;
      return kIsToken[byte] ? Verdict::kNeedMore : Verdict::kMalformed;
    case State::kRequestLine:
      return StepRequestLine(byte);
    case State::kLineFeed:
      state_ = State::kFieldStart;
      return byte == '\n' ? Verdict::kNeedMore : Verdict::kMalformed;
    case State::kFieldStart:
      state_ = byte == '\r' ? State::kLastLineFeed : State::kFieldName;
      if (byte == '\r') return Verdict::kNeedMore;
      if (!kIsToken[byte]) return Verdict::kMalformed;
      return ++fields_ > kMaxRequestFields ? Verdict::kTooLarge : Verdict::kNeedMore;
    case State::kFieldName:
      if (byte == ':') state_ = State::kFieldValue;
      return byte == ':' || kIsToken[byte] ? Verdict::kNeedMore : Verdict::kMalformed;
    case State::kFieldValue:
      if (byte == '\r') state_ = State::kLineFeed;
      return byte == '\r' || IsFieldValue(byte) ? Verdict::kNeedMore : Verdict::kMalformed;
    case State::kLastLineFeed:
      return byte == '\n' ? Verdict::kComplete : Verdict::kMalformed;
  }
  return Verdict::kMalformed;
}

HeadScanner::Verdict HeadScanner::StepRequestLine(unsigned char byte) {
  const bool after_space = after_space_;
  after_space_ = byte == ' ';
  if (byte == ' ') {
    return !after_space && ++spaces_ <= 2 ? Verdict::kNeedMore : Verdict::kMalformed;
  }
  if (byte == '\r') {
    state_ = State::kLineFeed;
    return spaces_ == 2 && !after_space ? Verdict::kNeedMore : Verdict::kMalformed;
  }
  const bool in_method = spaces_ == 0;
  return (in_method ? kIsToken[byte] : IsVisible(byte)) ? Verdict::kNeedMore : Verdict::kMalformed;
}

}  // namespace toolvitals
