// Attributes as bytes for a segment, and back.
// Floor: kinds.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/attributes.h"

namespace toolvitals {

// A value with its type in front: equal values are equal bytes, and unequal ones unequal.
std::string PackValue(const AttributeValue& value);
// The other way; nullopt for what PackValue() did not make, and for text that is no UTF-8.
std::optional<AttributeValue> UnpackValue(std::string_view packed);

// Keys and packed values in turn. As label values of an open family (registry/family.h) they say which series it is.
std::vector<std::string> TextsOf(const Attributes& attributes);
// nullopt for texts that are no attributes: keys that do not ascend, are empty or no UTF-8, values that are none.
std::optional<Attributes> AttributesOf(std::span<const std::string> texts);

}  // namespace toolvitals
