// A recorder with a store of its own and a clock that stands still, for the tests of the ingest.
// Floor: ingest. Only tests include it.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ingest/ingest_recorder.h"
#include "snapshot/instrument_fixture.h"

namespace toolvitals {

class IngestFixture : public InstrumentFixture {
 protected:
  explicit IngestFixture(std::vector<std::string> labels = {}) {
    auto made = IngestRecorder::Create(store_, {.operation_labels = std::move(labels),
                                                .now_ns = [this] { return now_ns_.load(std::memory_order_relaxed); }});
    if (made.ok()) recorder_ = *std::move(made);
  }

  // Every series that is shown: `name{a="x"}` and its value; of a histogram its count, and `name_sum`.
  std::map<std::string, double> Values() {
    FamilyReader reader(*segment_, kDefaultRegistry);
    std::map<std::string, double> values;
    for (const FamilySnapshot& family : Read(reader)) {
      for (size_t i = 0; i < family.labels->size(); ++i) {
        const std::string& text = (*family.labels)[i]->text;
        const std::string labels = text.empty() ? "" : "{" + text + "}";
        if (family.info->type == FamilyType::kHistogram) {
          const size_t buckets = family.info->bounds.size() + 1;
          double count = 0;
          for (size_t b = 0; b < buckets; ++b) count += static_cast<double>(family.counts[i * buckets + b]);
          values[family.info->name + labels] = count;
          values[family.info->name + "_sum" + labels] = family.sums[i];
        } else {
          values[family.info->name + labels] = family.values[i].AsDouble();
        }
      }
    }
    return values;
  }

  double Value(const std::string& series) {
    const std::map<std::string, double> values = Values();
    const auto found = values.find(series);
    return found == values.end() ? -1 : found->second;
  }

  // Lines with that result.
  double Lines(std::string_view result) {
    return Value("toolvitals_ipc_lines{result=\"" + std::string(result) + "\"}");
  }

  std::atomic<uint64_t> now_ns_ = 0;
  std::unique_ptr<IngestRecorder> recorder_;
};

}  // namespace toolvitals
