// Fuzzes what a reader takes for attributes in another process's segment: of all bytes those alone that packing makes.
// Input: texts, each after its length in one byte: keys and packed values in turn.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "kinds/packed_attributes.h"
#include "model/family_snapshot.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolvitals;
  std::vector<std::string> texts;
  while (size > 0) {
    const size_t bytes = data[0] < size ? data[0] : size - 1;
    texts.emplace_back(reinterpret_cast<const char*>(data + 1), bytes);
    data += bytes + 1;
    size -= bytes + 1;
  }
  for (const std::string& text : texts) {
    const auto value = UnpackValue(text);
    if (value.has_value()) Require(PackValue(*value) == text);
  }
  const auto attributes = AttributesOf(texts);
  if (!attributes.has_value()) return 0;
  Require(TextsOf(*attributes) == texts);
  // Labels are encoded: every name is an identifier, and every value a text.
  const LabelSet labels(*attributes, "le");
  Require(labels.text.empty() == attributes->empty());
  for (const auto& [name, value] : labels.pairs) Require(name != "le" && !name.starts_with("__"));
  return 0;
}
