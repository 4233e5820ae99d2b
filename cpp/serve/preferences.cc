// Splitting a header into items, and reading their q-values. Floor: serve.
#include "serve/preferences.h"

#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes everything before the next `separator` that is in no quoted string off the front of `rest`.
std::string_view Take(std::string_view& rest, char separator) {
  bool quoted = false;
  size_t at = 0;
  for (; at < rest.size(); ++at) {
    const char c = rest[at];
    if (quoted && c == '\\') {
      ++at;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      const std::string_view taken = rest.substr(0, at);
      rest.remove_prefix(at + 1);
      return Trim(taken);
    }
  }
  const std::string_view taken = rest;
  rest = {};
  return Trim(taken);
}

bool IsName(std::string_view text, absl::string_view name) {
  return absl::EqualsIgnoreCase(absl::string_view(text.data(), text.size()), name);
}

std::string_view Unquote(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

int ParseQ(std::string_view text) {
  if (text.empty() || (text[0] != '0' && text[0] != '1')) return -1;
  int thousandths = (text[0] - '0') * 1000;
  if (text.size() == 1) return thousandths;
  if (text[1] != '.') return -1;
  int weight = 100;
  for (const char c : text.substr(2)) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return -1;
    thousandths += (c - '0') * weight;
    weight /= 10;
  }
  return thousandths <= 1000 ? thousandths : -1;
}

void ForEachPreference(std::string_view header, absl::FunctionRef<void(const Preference&)> visit) {
  for (size_t count = 0; !header.empty() && count < kMaxPreferences; ++count) {
    std::string_view rest = Take(header, ',');
    Preference preference;
    preference.item = Take(rest, ';');
    while (!rest.empty()) {
      std::string_view value = Take(rest, ';');
      const std::string_view name = Take(value, '=');
      if (IsName(name, "q")) preference.q_thousandths = ParseQ(Trim(value));
      if (IsName(name, "version")) preference.version = Unquote(Trim(value));
      if (IsName(name, "escaping")) preference.escaping = Unquote(Trim(value));
      if (IsName(name, "proto")) preference.proto = Unquote(Trim(value));
      if (IsName(name, "encoding")) preference.encoding = Unquote(Trim(value));
    }
    if (!preference.item.empty() && preference.q_thousandths >= 0) visit(preference);
  }
}

}  // namespace toolvitals
