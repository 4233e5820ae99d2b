// Exemplars, from the words of their slots. Floor: kinds.
#include "kinds/series_exemplars.h"

#include <utility>

#include "metrics/exemplar_slot.h"
#include "store/text_record.h"

namespace toolvitals {

std::optional<Exemplar> ReadExemplar(const Segment& segment, const SeriesRecord& series, size_t bucket) {
  const Offset slots = series.exemplars.load(std::memory_order_acquire);
  if (!segment.Holds(slots, (bucket + 1) * sizeof(ExemplarSlot))) return std::nullopt;
  const auto content = segment.At<ExemplarSlot>(slots)[bucket].Read();
  auto texts = content.has_value() ? UnpackTexts(content->labels) : std::nullopt;
  if (!texts.has_value()) return std::nullopt;
  Exemplar exemplar;
  exemplar.value = content->value;
  exemplar.timestamp_us = content->timestamp_us;
  for (size_t i = 0; i + 1 < texts->size(); i += 2) {
    exemplar.labels.emplace_back(std::move((*texts)[i]), std::move((*texts)[i + 1]));
  }
  return exemplar;
}

void ReadKeptExemplars(const Segment& segment, const SeriesRecord& series, size_t slots, size_t place,
                       std::vector<FamilySnapshot::PlacedExemplar>& exemplars) {
  for (size_t i = 0; i < slots; ++i) {
    std::optional<Exemplar> exemplar = ReadExemplar(segment, series, i);
    if (exemplar.has_value()) exemplars.push_back({place, i, *std::move(exemplar)});
  }
}

}  // namespace toolvitals
