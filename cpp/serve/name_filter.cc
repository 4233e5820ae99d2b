// Reading `name[]` out of a query, with its percent-encoding. Floor: serve.
#include "serve/name_filter.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// A percent sign that no two hexadecimal digits follow stands for itself.
std::string Decoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

// Takes the next parameter off the front of a query, which is not empty: its name and its value.
std::pair<std::string, std::string> TakeParameter(std::string_view& query) {
  const size_t end = std::min(query.find('&'), query.size());
  const std::string_view parameter = query.substr(0, end);
  query.remove_prefix(std::min(end + 1, query.size()));
  const size_t equals = std::min(parameter.find('='), parameter.size());
  return {Decoded(parameter.substr(0, equals)), Decoded(parameter.substr(std::min(equals + 1, parameter.size())))};
}

}  // namespace

NameFilter ParseNameFilter(std::string_view query) {
  NameFilter filter;
  while (!query.empty() && filter.names.size() < kMaxNameFilters) {
    auto [name, value] = TakeParameter(query);
    if (name != "name[]") continue;
    filter.present = true;
    filter.names.push_back(std::move(value));
  }
  std::sort(filter.names.begin(), filter.names.end());
  filter.names.erase(std::unique(filter.names.begin(), filter.names.end()), filter.names.end());
  return filter;
}

bool AsksForAllFamilies(std::string_view query) {
  while (!query.empty()) {
    if (TakeParameter(query) == std::pair<std::string, std::string>("families", "all")) return true;
  }
  return false;
}

}  // namespace toolvitals
