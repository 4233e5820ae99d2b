// What a series of an open family is known by: names with values of several types, which no definition lists.
// Floor: model.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace toolvitals {

// The types of OpenTelemetry's attributes. Doubles are compared as values: a negative zero is a zero, and all NaN are
// one. A value of one type never equals one of another.
using AttributeValue = std::variant<std::string, bool, int64_t, double, std::vector<std::string>, std::vector<bool>,
                                    std::vector<int64_t>, std::vector<double>>;

struct Attribute {
  std::string key;  // never empty
  AttributeValue value;
};

// Ascending by the bytes of their keys, each key once.
using Attributes = std::vector<Attribute>;

// As OpenTelemetry shows values where there are only texts: a string as it is, anything else as JSON, arrays with a
// space behind each comma and numbers that are no JSON as NaN, Infinity and -Infinity.
std::string TextOf(const AttributeValue& value);
// The same with strings as JSON, too.
std::string JsonOf(const AttributeValue& value);

struct AttributeLabels {
  std::vector<std::pair<std::string, std::string>> pairs;  // ascending by the first of the keys that made each
  bool is_exact = true;                                    // no other attributes have the same labels
};

// Labels for formats that know only those, as OpenTelemetry's specification of Prometheus compatibility has it: in a
// key that is no label name, what may not stand in one becomes an underscore, and several underscores one; the values
// of keys that become the same name are joined by semicolons, in the order of the keys. A name that the family's type
// has a use of its own for (`reserved`) is preceded by "exported_", as Prometheus does it.
AttributeLabels LabelsOf(const Attributes& attributes, std::string_view reserved);

}  // namespace toolvitals
