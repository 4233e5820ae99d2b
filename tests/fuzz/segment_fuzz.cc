// Fuzzes what a reader makes of another process's segment: whatever stands in it, nothing is read beyond it, and every
// reading ends.
// Input: one byte. Zero: the rest is a file. Else the rest is edits of a sound segment, each a place (4 bytes) and what
// is put there (8 bytes), and the byte's lowest bit says whether the edits are exclusive-ored.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "fleet/baseline.h"
#include "fleet/retirement.h"
#include "kinds/packed_attributes.h"
#include "render/format.h"
#include "snapshot/collect.h"

namespace {

using namespace toolvitals;

constexpr Writers kAlone = Writers::kSerialized;

std::shared_ptr<Family> Make(Collector& collector, FamilyDefinition definition) {
  auto family = *collector.instruments().Create(std::move(definition));
  family->Show(kDefaultRegistry, true);
  return family;
}

// Whose series have attributes of every type.
std::shared_ptr<Family> OpenFamily(Collector& collector) {
  FamilyDefinition open;
  open.kind = InstrumentKind::kCounter;
  open.name = "open";
  open.is_open = true;
  auto family = Make(collector, open);
  for (const AttributeValue& value :
       {AttributeValue(int64_t{1}), AttributeValue(1.0), AttributeValue(true), AttributeValue(std::string("1")),
        AttributeValue(std::vector<std::string>{"x", "y"}), AttributeValue(std::vector<double>{1.5})}) {
    const std::vector<std::string> texts = TextsOf({{"a.b", value}, {"le", std::string("z")}});
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    family->WithLabels(views)->counter().Increment<kAlone>();
  }
  return family;
}

// One of everything.
std::vector<char> SoundSegment() {
  const auto collector = *Collector::Create({.window_size = 16, .memory_limit_mb = 1});
  for (const char* name : {"search", "fetch"}) {
    ToolMetrics& tool = collector->Tool(name);
    for (int i = 0; i < 20; ++i) {
      tool.Record<kAlone>(tool.outcome(Outcome::kSuccess), 1.0 + i);
      tool.Record<kAlone>(collector->ErrorType(tool, i % 2 == 0 ? "TimeoutError" : "ValueError"), 2.0);
    }
    for (int i = 0; i < 10; ++i) tool.Begin<kAlone>(Clock::Ticks());
    collector->KeepFirstItems(tool);
    tool.RecordFirstItem<kAlone>(1000);
  }
  collector->Cache("semantic").cell().hits.store(3);
  std::vector<std::shared_ptr<Family>> families;
  const auto add = [&](InstrumentKind kind, const char* name) {
    FamilyDefinition definition;
    definition.kind = kind;
    definition.name = name;
    definition.label_names = {"label"};
    if (kind == InstrumentKind::kHistogram) {
      definition.bounds = {1, 2, 5};
      definition.exponential = true;
    }
    if (kind == InstrumentKind::kStateSet) definition.states = {"a", "b"};
    if (kind == InstrumentKind::kSummary) {
      definition.window_size = 16;
      definition.quantiles = {0.5, 0.9};
    }
    families.push_back(Make(*collector, definition));
  };
  for (const auto& [kind, name] : {std::pair(InstrumentKind::kCounter, "counter"),
                                   {InstrumentKind::kGauge, "gauge"},
                                   {InstrumentKind::kHistogram, "histogram"},
                                   {InstrumentKind::kSummary, "summary"},
                                   {InstrumentKind::kInfo, "info"},
                                   {InstrumentKind::kStateSet, "states"}}) {
    add(kind, name);
    for (const std::string_view value : {"x", "y"}) {
      const auto series = families.back()->WithLabels({&value, 1});
      const std::string_view facts[] = {"name", "value"};
      switch (kind) {
        case InstrumentKind::kCounter:
          series->counter().Increment<kAlone>();
          families.back()->KeepExemplar(*series, 0, facts, 1.0);
          break;
        case InstrumentKind::kHistogram:
          for (int i = 1; i < 40; ++i) {
            series->histogram().Observe<kAlone>(collector->segment(), families.back()->bounds().BucketOf(i * 0.37),
                                                i % 2 == 0 ? i * 0.37 : -i * 0.37);
          }
          break;
        case InstrumentKind::kSummary:
          series->summary().Observe<kAlone>(1.5);
          break;
        case InstrumentKind::kInfo:
          families.back()->SetFacts(*series, facts);
          break;
        default:
          series->gauge().Set(1.5);
      }
    }
  }
  families.push_back(OpenFamily(*collector));
  // Before the families go.
  return collector->segment().Copy({});
}

// Reads it in every way there is.
void Read(const Segment& view) {
  static Collector* const collector = Collector::Create({})->release();
  class OneSegment final : public Fleet {
   public:
    explicit OneSegment(const Segment& segment) {
      Member member;
      member.id = 2;
      member.segment = &segment;
      member.state = MemberState::kDead;
      member.names_process = true;
      view_.members.push_back(member);
    }
    const FleetView& Look() override { return view_; }
    bool Forget(const SeriesFilter*) override { return true; }

   private:
    FleetView view_;
  };
  auto fleet = std::make_unique<OneSegment>(view);
  const FleetView& members = fleet->Look();
  const auto retirement = Retirement::Create({});
  if (retirement.ok()) {
    (void)(*retirement)->Add(members.members, {});
    TakenSegments(view);
  }
  Baseline baseline(view, nullptr);
  baseline.TakeSeries({"histogram", {}});
  baseline.TakeAll();
  SnapshotReader reader(*collector, nullptr, std::move(fleet));
  const auto snapshot = reader.Read();
  std::string text;
  for (const char* format : {"prometheus", "openmetrics", "protobuf", "json"}) {
    text.clear();
    if (const ExpositionFormat* found = FindFormat(format)) found->render(*snapshot, text);
  }
}

std::vector<char> Edited(const uint8_t* data, size_t size, bool flip) {
  static const std::vector<char> sound = SoundSegment();
  std::vector<char> image = sound;
  for (; size >= 12; data += 12, size -= 12) {
    uint32_t place = 0;
    uint64_t value = 0, before = 0;
    memcpy(&place, data, sizeof(place));
    memcpy(&value, data + 4, sizeof(value));
    char* word = image.data() + place % (image.size() / sizeof(value)) * sizeof(value);
    memcpy(&before, word, sizeof(before));
    if (flip) value ^= before;
    memcpy(word, &value, sizeof(value));
  }
  return image;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int file = memfd_create("segment", MFD_CLOEXEC);
  if (size == 0 || file < 0) return 0;
  const std::vector<char> image =
      data[0] == 0 ? std::vector<char>(data + 1, data + size) : Edited(data + 1, size - 1, (data[0] & 1) != 0);
  if (ftruncate(file, 0) != 0 || pwrite(file, image.data(), image.size(), 0) < 0) return 0;
  const auto view = Segment::OpenView(file, 0);
  if (view.ok()) Read(**view);
  return 0;
}
