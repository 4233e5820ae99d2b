// A store of instruments of its own, for the tests of what reads one.
// Floor: snapshot. Only tests include it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/instrument_store.h"
#include "snapshot/collect_families.h"

namespace toolvitals {

class InstrumentFixture : public ::testing::Test {
 protected:
  using Values = std::vector<std::string_view>;

  static FamilyDefinition Define(InstrumentKind kind, std::string name, std::vector<std::string> labels = {}) {
    FamilyDefinition definition;
    definition.kind = kind;
    definition.name = std::move(name);
    definition.help = "Help.";
    definition.label_names = std::move(labels);
    if (kind == InstrumentKind::kHistogram) definition.bounds = {1, 10};
    if (kind == InstrumentKind::kStateSet) definition.states = {"red", "green", "blue"};
    return definition;
  }

  // A family that the default registry shows; nullptr where there is no memory for it.
  std::shared_ptr<Family> Make(FamilyDefinition definition, const FamilyOptions& options = {}) {
    auto made = store_.Create(std::move(definition), options);
    if (!made.ok()) return nullptr;
    (*made)->Show(kDefaultRegistry, true);
    return *std::move(made);
  }

  std::vector<FamilySnapshot> Read(FamilyReader& reader) {
    std::vector<FamilySnapshot> families;
    reader.Read(QuantileMethod::kExclusive, families);
    return families;
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(64 << 20);
  SeriesBudget series_budget_{*segment_, 10'000};
  absl::Mutex mutex_;
  InstrumentStore store_{*segment_, series_budget_, mutex_};
};

}  // namespace toolvitals
