// Suffixes by type, and names that two families would share. Floor: render.
#include "render/sample_names.h"

#include <array>
#include <span>
#include <string>
#include <vector>

namespace toolvitals {
namespace {

constexpr std::array<std::string_view, 2> kCounter = {"_total", "_created"};
constexpr std::array<std::string_view, 4> kHistogram = {"_bucket", "_sum", "_count", "_created"};
constexpr std::array<std::string_view, 5> kGaugeHistogram = {"_bucket", "_sum", "_count", "_gsum", "_gcount"};
constexpr std::array<std::string_view, 3> kSummary = {"_sum", "_count", "_created"};
constexpr std::array<std::string_view, 1> kInfo = {"_info"};

std::span<const std::string_view> Suffixes(FamilyType type) {
  switch (type) {
    case FamilyType::kCounter:
      return kCounter;
    case FamilyType::kHistogram:
      return kHistogram;
    case FamilyType::kGaugeHistogram:
      return kGaugeHistogram;
    case FamilyType::kSummary:
      return kSummary;
    case FamilyType::kInfo:
      return kInfo;
    case FamilyType::kGauge:
    case FamilyType::kStateSet:
    case FamilyType::kUnknown:
      break;
  }
  return {};
}

}  // namespace

void ForEachSampleName(const FamilyHead& head, absl::FunctionRef<void(std::string_view)> visit) {
  std::string name;
  name.append(head.prefix).append(head.name);
  const size_t length = name.size();
  visit(name);
  for (const std::string_view suffix : Suffixes(head.type)) {
    name.resize(length);
    name += suffix;
    visit(name);
  }
}

bool SampleNames::Take(const FamilyHead& head) {
  std::vector<std::string> names;
  bool free = true;
  ForEachSampleName(head, [&](std::string_view name) {
    names.emplace_back(name);
    free = free && !taken_.contains(names.back());
  });
  if (free) taken_.insert(names.begin(), names.end());
  return free;
}

}  // namespace toolvitals
