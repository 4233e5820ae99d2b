// Following the list of a family's series, in which others change.
// Floor: snapshot.
#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "kinds/metric_kind.h"
#include "kinds/packed_attributes.h"
#include "snapshot/collect_families.h"
#include "store/text_record.h"

namespace toolvitals {
namespace {

constexpr std::string_view kOverflowLabel = "otel_metric_overflow";
// As OpenTelemetry's specification names it; as a label it is the one above.
constexpr std::string_view kOverflowAttribute = "otel.metric.overflow";
// How often a series may go away under the reader of a list; then those that are known are shown.
constexpr int kMaxDisturbances = 100'000;
// The same in another process's segment, where it may be that nobody removes anything, and the list is none.
constexpr int kMaxDisturbancesInView = 1000;

// One value more than names is that of a process that has ended, and left a gauge that shows each.
LabelSet::Pairs Zip(const std::vector<std::string>& names, std::vector<std::string> values) {
  LabelSet::Pairs pairs;
  std::string process_id = values.size() == names.size() + 1 ? std::move(values.back()) : std::string();
  for (size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    pairs.emplace_back(names[i], std::move(values[i]));
  }
  if (!process_id.empty()) pairs.emplace_back("pid", std::move(process_id));
  return pairs;
}

}  // namespace

std::shared_ptr<const LabelSet> OverflowLabels(const FamilyDefinition& definition) {
  if (!definition.is_open) {
    return std::make_shared<const LabelSet>(LabelSet::Pairs{{std::string(kOverflowLabel), "true"}});
  }
  return std::make_shared<const LabelSet>(Attributes{{std::string(kOverflowAttribute), true}}, std::string_view());
}

std::shared_ptr<const LabelSet> FamilyReader::ReadLabels(const SeriesRecord& record, const Known& known) const {
  const auto packed = LoadText(segment_, record.labels.load(std::memory_order_relaxed));
  auto values = packed.has_value() ? UnpackTexts(*packed) : std::nullopt;
  if (!values.has_value()) return nullptr;
  if (known.definition.is_open) {
    std::optional<Attributes> attributes = AttributesOf(*values);
    if (!attributes.has_value()) return nullptr;
    const std::string_view reserved = KindOf(known.definition.kind).ReservedLabel(known.definition);
    return std::make_shared<const LabelSet>(*std::move(attributes), reserved);
  }
  return std::make_shared<const LabelSet>(Zip(known.definition.label_names, *std::move(values)));
}

FamilyReader::Step FamilyReader::ReadNext(const FamilyRecord& record, const Known& known,
                                          std::vector<SeriesPlace>& places, LabelSets& labels) const {
  // On from the last one that is still in the list: series join it at its end only, so all that was not met yet, and
  // was there all the time, follows.
  while (!places.empty() && !places.back().IsStill()) {
    places.pop_back();
    labels.pop_back();
  }
  const Word& link = places.empty() ? record.first : places.back().record->next;
  const auto is_still_linked = [&](Offset at) {
    return link.load(std::memory_order_relaxed) == at && (places.empty() || places.back().IsStill());
  };
  const Offset at = link.load(std::memory_order_acquire);
  if (at == 0) return is_still_linked(0) ? Step::kEnd : Step::kDisturbed;
  const auto* found_series = segment_.Find<SeriesRecord>(at, SeriesBytes(known.definition));
  // Beyond what a view can see: it comes with the next reading.
  if (found_series == nullptr || places.size() > segment_.used_bytes() / sizeof(SeriesRecord)) return Step::kEnd;
  const SeriesRecord& series = *found_series;
  const uint64_t generation = series.generation.load(std::memory_order_acquire);
  // The memory may be that of a newer series of the family by now, which stands elsewhere in the list. Whoever sees the
  // newer one sees, too, that the link changed, or that what it is in has left the list.
  if (!IsGenerationOf(segment_.OffsetOf(&record), generation) || !is_still_linked(at)) return Step::kDisturbed;
  const auto found = known.sets.find(generation);
  std::shared_ptr<const LabelSet> set = found != known.sets.end() ? found->second : ReadLabels(series, known);
  std::atomic_thread_fence(std::memory_order_acquire);
  if (set == nullptr || series.generation.load(std::memory_order_relaxed) != generation) return Step::kDisturbed;
  places.push_back({&series, generation});
  labels.push_back(std::move(set));
  return Step::kSeries;
}

bool FamilyReader::ReadSeries(const FamilyRecord& record, Known& known) const {
  std::vector<SeriesPlace> places;
  auto labels = std::make_shared<LabelSets>();
  Step step = Step::kSeries;
  const int max_disturbances = segment_.is_view() ? kMaxDisturbancesInView : kMaxDisturbances;
  // Labels do not overlap, so those that are more than the segment holds are none; what a byte of an attribute becomes
  // as a text is eight at most.
  uint64_t text_left = segment_.used_bytes() * (known.definition.is_open ? 8 : 1);
  for (int disturbances = 0; step != Step::kEnd; disturbances += step == Step::kDisturbed) {
    if (disturbances == max_disturbances) return false;
    step = ReadNext(record, known, places, *labels);
    if (step != Step::kSeries) continue;
    for (const auto& [name, value] : labels->back()->pairs) {
      if (value.size() > text_left) return false;
      text_left -= value.size();
    }
  }
  if (known.overflowed) {
    const Offset overflow = record.overflow.load(std::memory_order_relaxed);
    const auto* series = segment_.Find<SeriesRecord>(overflow, SeriesBytes(known.definition));
    if (series == nullptr) return false;
    places.push_back({series, series->generation.load(std::memory_order_acquire)});
    labels->push_back(OverflowLabels(known.definition));
  }
  // Series of another family that has the record by now are not read as if they were this one's.
  if (record.incarnation.load(std::memory_order_relaxed) != known.incarnation) return false;
  known.sets.clear();
  for (size_t i = 0; i < places.size(); ++i) known.sets.emplace(places[i].generation, (*labels)[i]);
  known.shows_overflow = known.overflowed;
  known.places = std::move(places);
  known.keys = labels;
  known.labels = std::move(labels);
  known.fact_versions.clear();
  return true;
}

}  // namespace toolvitals
