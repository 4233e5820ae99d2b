// Hash tables that stay whole when memory runs out while they are filled.
// Floor: base.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace toolvitals {

// Not absl's own tables: of those an allocation that fails while one grows, or while an entry is made in it, leaves one
// that can be neither used nor destroyed. An insertion into these that throws has changed nothing.
template <typename Key>
struct TableHash {
  size_t operator()(const Key& key) const { return absl::HashOf(key); }
};

template <>
struct TableHash<std::string_view> {
  size_t operator()(std::string_view text) const { return absl::HashOf(absl::string_view(text.data(), text.size())); }
};

// Finds a std::string by a view of it. Not noexcept: then the standard library keeps each hash beside its key.
template <>
struct TableHash<std::string> {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return absl::HashOf(absl::string_view(text.data(), text.size())); }
};

template <typename Key, typename Value, typename Hash = TableHash<Key>>
using HashMap = std::unordered_map<Key, Value, Hash, std::equal_to<>>;

template <typename Key>
using HashSet = std::unordered_set<Key, TableHash<Key>, std::equal_to<>>;

}  // namespace toolvitals
