// Reading a timestamp character by character. Floor: ingest.
#include "ingest/rfc3339.h"

#include <cstdint>

#include "absl/time/civil_time.h"

namespace toolvitals {
namespace {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes so many digits off the text; -1 where it has fewer.
int TakeDigits(std::string_view& text, size_t count) {
  if (text.size() < count) return -1;
  int number = 0;
  for (size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return number;
}

bool TakeOneOf(std::string_view& text, std::string_view characters) {
  if (text.empty() || characters.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// Takes ".123" off the text, where it begins so.
std::optional<absl::Duration> TakeFraction(std::string_view& text) {
  if (!TakeOneOf(text, ".")) return absl::ZeroDuration();
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  int64_t nanos = 0;
  for (int64_t unit = 100'000'000; !text.empty() && IsDigit(text.front()); unit /= 10) {
    nanos += unit * (text.front() - '0');
    text.remove_prefix(1);
  }
  return absl::Nanoseconds(nanos);
}

std::optional<absl::Duration> TakeZone(std::string_view& text) {
  if (TakeOneOf(text, "Zz")) return absl::ZeroDuration();
  const bool is_behind = !text.empty() && text.front() == '-';
  if (!TakeOneOf(text, "+-")) return std::nullopt;
  const int hours = TakeDigits(text, 2);
  if (!TakeOneOf(text, ":")) return std::nullopt;
  const int minutes = TakeDigits(text, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
  const absl::Duration offset = absl::Hours(hours) + absl::Minutes(minutes);
  return is_behind ? -offset : offset;
}

}  // namespace

std::optional<absl::Time> ParseRfc3339(std::string_view text) {
  const int year = TakeDigits(text, 4);
  if (!TakeOneOf(text, "-")) return std::nullopt;
  const int month = TakeDigits(text, 2);
  if (!TakeOneOf(text, "-")) return std::nullopt;
  const int day = TakeDigits(text, 2);
  if (!TakeOneOf(text, "Tt ")) return std::nullopt;
  const int hour = TakeDigits(text, 2);
  if (!TakeOneOf(text, ":")) return std::nullopt;
  const int minute = TakeDigits(text, 2);
  if (!TakeOneOf(text, ":")) return std::nullopt;
  const int second = TakeDigits(text, 2);
  const std::optional<absl::Duration> fraction = TakeFraction(text);
  const std::optional<absl::Duration> zone = TakeZone(text);
  if (!text.empty() || year < 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
      !fraction.has_value() || !zone.has_value()) {
    return std::nullopt;
  }
  // Days that a month does not have become days of another month.
  const absl::CivilDay date(year, month, day);
  if (date.month() != month || date.day() != day) return std::nullopt;
  const absl::Time midnight = absl::FromCivil(date, absl::UTCTimeZone());
  return midnight + absl::Hours(hour) + absl::Minutes(minute) + absl::Seconds(second) + *fraction - *zone;
}

}  // namespace toolvitals
