// The families that other programs' names make.
// Floor: ingest.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/hash_table.h"
#include "ingest/ingest_record.h"
#include "registry/instrument_store.h"
#include "render/sample_names.h"

namespace toolvitals {

// Upper bounds for numbers of bytes, of objects and of what is named "..._bytes".
inline constexpr std::array<double, 13> kByteBounds = {
    1024.0,     4096.0,     16384.0,     65536.0,      262144.0,     1048576.0,    4194304.0,
    16777216.0, 67108864.0, 268435456.0, 1073741824.0, 4294967296.0, 17179869184.0};

// A family that the process's endpoints show; its histograms have exponential buckets as well. Of the processes that
// share a directory, and of a server and the one before it, the gauge that was set last is shown.
absl::StatusOr<std::shared_ptr<Family>> MakeIngestFamily(InstrumentStore& store, InstrumentKind kind, std::string name,
                                                         std::string help, std::vector<std::string> label_names,
                                                         uint64_t max_series,
                                                         GaugeMode gauge_mode = GaugeMode::kMostRecent);

// The series of these values, where a record of it has been counted if it has to be.
Series& UseSeries(Family& family, std::span<const std::string_view> values, std::shared_ptr<Series>& holder);

// A name's first value decides on its type; labels may differ from series to series. Bounded in families, and in the
// series of each. For one thread at a time.
class IngestFamilies {
 public:
  explicit IngestFamilies(InstrumentStore& store) : store_(store) { TakeBuiltInNames(); }

  // Takes the names of a family that is made elsewhere; false where one is taken.
  bool TakeNames(InstrumentKind kind, std::string_view name);

  // kAccepted, kName, kLabels, kConflict, kFamilies, kNoMemory.
  IngestResult Record(const ValueRecord& record);

 private:
  void TakeBuiltInNames();
  // Sets `family` where the result is kAccepted.
  IngestResult Find(const ValueRecord& record, Family*& family);
  IngestResult Make(InstrumentKind kind, const std::string& name, const ValueRecord& record, Family*& family);

  InstrumentStore& store_;
  SampleNames names_;
  HashMap<std::string, std::shared_ptr<Family>> families_;
};

}  // namespace toolvitals
