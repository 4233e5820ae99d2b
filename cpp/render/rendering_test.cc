// Pieces of any size are together what is rendered at once, in every format.
// Floor: render.
#include "render/rendering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "render/format.h"
#include "render/testing.h"

namespace toolvitals {
namespace {

SharedSnapshot LargeSnapshot(size_t series) {
  auto snapshot = std::make_shared<Snapshot>(testing::ExampleSnapshot());
  for (size_t i = snapshot->tools.size(); i < series / 100; ++i) {
    snapshot->tools.push_back(snapshot->tools.front());
    snapshot->tools.back().name = "tool" + std::to_string(i);
  }
  for (const FamilyType type : {FamilyType::kCounter, FamilyType::kHistogram}) {
    FamilySnapshot family;
    auto info = std::make_shared<FamilyInfo>();
    info->name = type == FamilyType::kCounter ? "many" : "many_seconds";
    info->type = type;
    if (type == FamilyType::kHistogram) info->bounds = {1, 2};
    auto labels = std::make_shared<LabelSets>();
    for (size_t i = 0; i < series; ++i) {
      labels->push_back(std::make_shared<const LabelSet>(LabelSet::Pairs{{"i", std::to_string(i)}}));
      if (type == FamilyType::kCounter) {
        family.values.emplace_back(uint64_t{i});
        if (i % 1000 == 0) family.exemplars.push_back({i, 0, {{{"trace_id", "t"}}, 1, 2}});
      } else {
        family.counts.insert(family.counts.end(), {i, 2 * i, 1});
        family.sums.push_back(static_cast<double>(i));
      }
      family.created_us.push_back(static_cast<int64_t>(1'000'000 + i));
    }
    family.info = std::move(info);
    family.labels = std::move(labels);
    snapshot->families.push_back(std::move(family));
  }
  return snapshot;
}

TEST(RenderingTest, PiecesAreTheWhole) {
  const SharedSnapshot snapshot = LargeSnapshot(20'000);
  for (const ExpositionFormat& format : ExpositionFormats()) {
    if (format.start == nullptr) continue;
    std::string whole;
    format.render(*snapshot, whole);
    for (const size_t bytes : {size_t{1}, size_t{1000}, size_t{100'000}, SIZE_MAX}) {
      const std::unique_ptr<Rendering> rendering = format.start(snapshot, {});
      std::string together, piece;
      size_t pieces = 0, largest = 0;
      for (bool more = true; more; ++pieces) {
        piece.clear();
        more = rendering->Append(bytes, piece);
        largest = std::max(largest, piece.size());
        together += piece;
      }
      EXPECT_TRUE(together == whole) << format.name << " in pieces of " << bytes;
      if (bytes == SIZE_MAX) {
        EXPECT_EQ(pieces, 1u);
      } else if (format.name != "protobuf") {
        EXPECT_GT(pieces, whole.size() / (bytes + 200'000));
        EXPECT_LT(largest, bytes + 200'000);
      }
      // It goes on having nothing.
      piece.clear();
      EXPECT_FALSE(rendering->Append(bytes, piece));
      EXPECT_EQ(piece, "");
    }
  }
}

TEST(RenderingTest, AppendsToWhatIsThere) {
  const SharedSnapshot snapshot = LargeSnapshot(100);
  for (const ExpositionFormat& format : ExpositionFormats()) {
    if (format.start == nullptr) continue;
    std::string whole = "before";
    format.render(*snapshot, whole);
    std::string together = "before";
    const std::unique_ptr<Rendering> rendering = format.start(snapshot, {});
    while (rendering->Append(100, together)) {
    }
    EXPECT_TRUE(together == whole) << format.name;
  }
}

TEST(RenderingTest, FiltersHold) {
  const SharedSnapshot snapshot = LargeSnapshot(1000);
  RenderOptions options;
  options.filtered = true;
  options.names = {"many_total"};
  std::string text;
  const std::unique_ptr<Rendering> rendering = StartPrometheusText(snapshot, options);
  while (rendering->Append(10, text)) {
  }
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1002);
}

}  // namespace
}  // namespace toolvitals
