// Long addition, subtraction and multiplication. Floor: metrics.
#include "metrics/exact_sums.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include "metrics/double_double.h"

namespace toolvitals {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kWordBits = 64;
constexpr int kMantissaBits = 52;
constexpr uint64_t kExponentMask = 0x7ff;
// Exponents as a double has them: of 2^-64, and of 2^64, which is out of range.
constexpr uint64_t kLowestExponent = 1023 - 64;
constexpr uint64_t kHighestExponent = 1023 + 64;
constexpr int kSumUnit = -64 - kMantissaBits;
constexpr int kSquareUnit = 2 * kSumUnit;

// A sample in units of 2^-116: its mantissa, and by how many bits that is moved upward.
struct Parts {
  uint64_t mantissa;
  int shift;
};

std::optional<Parts> PartsOf(double sample) {
  const auto bits = std::bit_cast<uint64_t>(sample);
  const uint64_t exponent = bits >> kMantissaBits & kExponentMask;
  if (exponent < kLowestExponent || exponent >= kHighestExponent || sample < 0) return std::nullopt;
  const uint64_t mantissa = (bits & ((uint64_t{1} << kMantissaBits) - 1)) | uint64_t{1} << kMantissaBits;
  return Parts{mantissa, static_cast<int>(exponent - kLowestExponent)};
}

// The words that a number of at most 128 bits has after it was moved upward within its first word.
std::array<uint64_t, 3> Moved(Wide number, int bits) {
  const auto low = static_cast<uint64_t>(number);
  const auto high = static_cast<uint64_t>(number >> kWordBits);
  if (bits == 0) return {low, high, 0};
  return {low << bits, high << bits | low >> (kWordBits - bits), high >> (kWordBits - bits)};
}

void AddTo(std::span<uint64_t> words, Wide number, int shift) {
  const auto moved = Moved(number, shift % kWordBits);
  size_t at = static_cast<size_t>(shift / kWordBits);
  uint64_t carry = 0;
  for (const uint64_t word : moved) {
    if (at == words.size()) return;
    const Wide sum = static_cast<Wide>(words[at]) + word + carry;
    words[at++] = static_cast<uint64_t>(sum);
    carry = static_cast<uint64_t>(sum >> kWordBits);
  }
  for (; carry != 0 && at < words.size(); ++at) carry = ++words[at] == 0 ? 1 : 0;
}

void SubtractFrom(std::span<uint64_t> words, Wide number, int shift) {
  const auto moved = Moved(number, shift % kWordBits);
  size_t at = static_cast<size_t>(shift / kWordBits);
  uint64_t borrow = 0;
  for (const uint64_t word : moved) {
    if (at == words.size()) return;
    const Wide difference = static_cast<Wide>(words[at]) - word - borrow;
    words[at++] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> kWordBits) != 0 ? 1 : 0;
  }
  for (; borrow != 0 && at < words.size(); ++at) borrow = words[at]-- == 0 ? 1 : 0;
}

// `words` has room for as many words as both factors have together.
void Multiply(std::span<const uint64_t> a, std::span<const uint64_t> b, std::span<uint64_t> words) {
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t carry = 0;
    for (size_t k = 0; k < b.size(); ++k) {
      const Wide sum = static_cast<Wide>(a[i]) * b[k] + words[i + k] + carry;
      words[i + k] = static_cast<uint64_t>(sum);
      carry = static_cast<uint64_t>(sum >> kWordBits);
    }
    words[i + b.size()] = carry;
  }
}

// The leading 106 bits or more, in units of a power of two.
DoubleDouble Rounded(std::span<const uint64_t> words, int unit) {
  size_t top = words.size();
  while (top != 0 && words[top - 1] == 0) --top;
  if (top == 0) return {};
  DoubleDouble sum;
  // Three words have 129 leading bits at least; each is two halves, which doubles hold exactly.
  for (size_t taken = 0; taken < 3 && taken < top; ++taken) {
    const size_t at = top - 1 - taken;
    const int exponent = unit + static_cast<int>(at) * kWordBits;
    const double high = std::ldexp(static_cast<double>(words[at] >> 32), exponent + 32);
    const double low = std::ldexp(static_cast<double>(words[at] & 0xffff'ffff), exponent);
    sum = Plus(sum, TwoSum(high, low));
  }
  return sum;
}

}  // namespace

void ExactSums::Add(double sample) {
  ++count_;
  if (sample == 0) return;
  const auto parts = PartsOf(sample);
  if (!parts.has_value()) {
    ++out_of_range_;
    return;
  }
  AddTo(sum_, parts->mantissa, parts->shift);
  AddTo(squares_, static_cast<Wide>(parts->mantissa) * parts->mantissa, 2 * parts->shift);
}

void ExactSums::Remove(double sample) {
  --count_;
  if (sample == 0) return;
  const auto parts = PartsOf(sample);
  if (!parts.has_value()) {
    --out_of_range_;
    return;
  }
  SubtractFrom(sum_, parts->mantissa, parts->shift);
  SubtractFrom(squares_, static_cast<Wide>(parts->mantissa) * parts->mantissa, 2 * parts->shift);
}

std::optional<ExactSums::MeanAndDeviation> ExactSums::moments() const {
  if (count_ == 0 || out_of_range_ != 0) return std::nullopt;
  const auto count = static_cast<double>(count_);
  MeanAndDeviation moments = {DividedBy(Rounded(sum_, kSumUnit), count).high, std::numeric_limits<double>::quiet_NaN()};
  if (count_ < 2) return moments;
  // (n·Σx² − (Σx)²) / (n·(n−1)), of which nothing is rounded before the division.
  std::array<uint64_t, 8> square_of_sum{};
  std::array<uint64_t, 8> numerator{};
  Multiply(sum_, sum_, square_of_sum);
  Multiply(squares_, std::span(&count_, 1), std::span(numerator).first(7));
  for (size_t i = 0; i < square_of_sum.size(); ++i) {
    SubtractFrom(numerator, square_of_sum[i], static_cast<int>(i) * kWordBits);
  }
  moments.stddev = SquareRoot(DividedBy(Rounded(numerator, kSquareUnit), count * (count - 1)));
  return moments;
}

}  // namespace toolvitals
