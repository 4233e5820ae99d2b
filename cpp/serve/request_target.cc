// Taking a target apart into path, query and host. Floor: serve.
#include "serve/request_target.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace toolvitals {
namespace {

constexpr absl::string_view kScheme = "http://";

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }
bool IsHexDigit(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)); }

// unreserved and sub-delims of RFC 3986, 2.2 and 2.3.
bool IsNameCharacter(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=";
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || kMarks.find(c) != std::string_view::npos;
}

bool IsName(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && IsHexDigit(text[i + 1]) && IsHexDigit(text[i + 2])) {
      i += 2;
    } else if (!IsNameCharacter(text[i])) {
      return false;
    }
  }
  return true;
}

// What stands in brackets, an address of IPv6 or of a version to come; which one, whoever uses it finds out.
bool IsLiteral(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c == ':' || IsNameCharacter(c); });
}

bool IsPort(std::string_view text) {
  return text.empty() || (text[0] == ':' && std::all_of(text.begin() + 1, text.end(), IsDigit));
}

}  // namespace

bool IsHostAndPort(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const size_t close = text.find(']');
    return close != std::string_view::npos && IsLiteral(text.substr(1, close - 1)) && IsPort(text.substr(close + 1));
  }
  const size_t colon = std::min(text.find(':'), text.size());
  return IsName(text.substr(0, colon)) && IsPort(text.substr(colon));
}

std::optional<RequestTarget> ParseRequestTarget(std::string_view target) {
  if (!absl::StartsWithIgnoreCase(absl::string_view(target.data(), target.size()), kScheme)) {
    return RequestTarget{std::string(target), std::nullopt};
  }
  target.remove_prefix(kScheme.size());
  const size_t end = std::min(target.find_first_of("/?#"), target.size());
  const std::string_view authority = target.substr(0, end);
  // RFC 9110, 4.2.1: an empty host is invalid. 4.2.4: so is user information, which the grammar here has no place for.
  if (authority.empty() || authority[0] == ':' || !IsHostAndPort(authority)) return std::nullopt;
  std::string resource(target.substr(end));
  if (resource.empty() || resource[0] != '/') resource.insert(0, 1, '/');
  return RequestTarget{std::move(resource), std::string(authority)};
}

}  // namespace toolvitals
