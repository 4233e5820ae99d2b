// Fuzzes what other programs send, from the bytes of a connection to the counts of its lines.
// Input: one byte that says how the rest arrives, then what a client sends on one connection.
//
// Held against it: how the bytes are cut must not matter; every line is counted once, as accepted or by one reason; and
// what is accepted never makes a value that is not finite.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "ingest/ingest_record.h"
#include "ingest/ingest_recorder.h"
#include "ingest/line_splitter.h"
#include "registry/instrument_store.h"
#include "snapshot/collect_families.h"

namespace {

using namespace toolvitals;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Counts lines by what they come to.
class Counts final : public LineReceiver {
 public:
  void OnLine(std::string_view line) override {
    const ParsedLine parsed = ParseLine(line);
    const IngestResult* reason = std::get_if<IngestResult>(&parsed);
    Require(reason == nullptr || *reason != IngestResult::kAccepted);
    ++counts[static_cast<size_t>(reason == nullptr ? IngestResult::kAccepted : *reason)];
  }
  void OnBadLine(IngestResult reason) override { ++counts[static_cast<size_t>(reason)]; }

  std::array<uint64_t, kIngestResults> counts = {};
};

void Split(std::string_view bytes, size_t piece, LineReceiver& receiver) {
  LineBudget budget;
  LineSplitter splitter(budget, receiver);
  while (!bytes.empty()) {
    const size_t taken = std::min(piece, bytes.size());
    splitter.Append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    Require(budget.used() <= kMaxLineBytes);
  }
  splitter.Finish();
  Require(budget.used() == 0);
}

// A recorder of its own for each input would cost more than the input.
struct Service {
  std::unique_ptr<Segment> segment = *Segment::CreateAnonymous(4 << 20);
  SeriesBudget budget{*segment, 10'000};
  absl::Mutex mutex;
  InstrumentStore store{*segment, budget, mutex};
  std::unique_ptr<IngestRecorder> recorder = *IngestRecorder::Create(store, {.operation_labels = {"region"}});
  FamilyReader reader{*segment, kDefaultRegistry};

  double Lines() {
    std::vector<FamilySnapshot> families;
    reader.Read(QuantileMethod::kExclusive, families);
    double lines = 0;
    for (const FamilySnapshot& family : families) {
      for (const double sum : family.sums) Require(std::isfinite(sum));
      for (const Number& value : family.values) {
        Require(std::isfinite(value.AsDouble()));
        if (family.info->name == "toolvitals_ipc_lines") lines += value.AsDouble();
      }
    }
    return lines;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  static Service* const service = new Service;
  const size_t piece = data[0] == 0 ? kIngestReadBytes : data[0];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);

  Counts whole, cut;
  Split(bytes, bytes.size(), whole);
  Split(bytes, piece, cut);
  Require(whole.counts == cut.counts);

  uint64_t lines = 0;
  for (const uint64_t count : whole.counts) lines += count;
  if (lines == 0) return 0;
  const double before = service->Lines();
  Split(bytes, piece, *service->recorder);
  Require(service->Lines() - before == static_cast<double>(lines));
  return 0;
}
