// Adding up the tools and caches of all members, windows included. Floor: snapshot.
#include "snapshot/tool_reader.h"

#include <algorithm>

#include "base/clock.h"
#include "collector/tool_metrics.h"
#include "registry/series_budget.h"
#include "snapshot/tool_cells.h"
#include "store/directory.h"

namespace toolvitals {
namespace {

bool IsIdle(const ToolSnapshot& tool) { return tool.total_calls() == 0 && tool.in_progress == 0; }

bool IsIdle(const CacheSnapshot& cache) {
  return cache.hits + cache.misses + cache.evictions + cache.size_rejections == 0;
}

void AddCache(const Member& member, const CacheCell& cell, CacheSnapshot& cache) {
  cache.hits += member.Counted(cell.hits);
  cache.misses += member.Counted(cell.misses);
  cache.evictions += member.Counted(cell.evictions);
  cache.size_rejections += member.Counted(cell.size_rejections);
}

}  // namespace

// What the parts of a tool make together, but for their windows.
class ToolSum {
 public:
  // Returns how many calls the part has finished.
  uint64_t Add(const Member& member, const ToolCell& cell) {
    const Segment& segment = *member.segment;
    const size_t buckets = DurationBuckets(segment);
    const uint64_t before = tool_.total_calls();
    tool_.duration_buckets.resize(std::max(tool_.duration_buckets.size(), buckets));
    const auto of = [&](Outcome outcome) { return AddHistogram(member, OutcomeCell(cell, outcome, buckets), buckets); };
    tool_.successful_calls += of(Outcome::kSuccess);
    tool_.cancelled_calls += of(Outcome::kCancelled);
    tool_.failed_calls += of(Outcome::kError);
    AddError(kOverflowName, of(Outcome::kErrorOverflow));
    ForEachErrorType(segment, cell, [&](std::string_view type, const HistogramCell& histogram) {
      AddError(type, AddHistogram(member, histogram, buckets));
    });
    if (member.is_live()) AddInFlight(segment, cell);
    return tool_.total_calls() - before;
  }

  ToolSnapshot Finish(std::string_view name) const {
    ToolSnapshot tool = tool_;
    tool.name = name;
    std::sort(tool.error_types.begin(), tool.error_types.end());
    tool.total_latency_ms = nanos_ / kNanosPerMilli;
    if (oldest_ticks_ != 0) {
      tool.oldest_in_progress_ms =
          static_cast<double>(Clock::ElapsedNs(oldest_ticks_, Clock::Ticks())) / kNanosPerMilli;
    }
    return tool;
  }

 private:
  uint64_t AddHistogram(const Member& member, const HistogramCell& cell, size_t buckets) {
    if (member.baseline == nullptr) {
      nanos_ += cell.Sum();
      return cell.Collect(std::span(tool_.duration_buckets).first(buckets));
    }
    uint64_t count = 0;
    for (size_t i = 0; i < buckets; ++i) {
      const uint64_t counted = member.Counted(cell.buckets[i]);
      tool_.duration_buckets[i] += counted;
      count += counted;
    }
    nanos_ += static_cast<double>(member.Counted(cell.sum_integer)) + member.CountedDouble(cell.sum_float);
    return count;
  }

  void AddError(std::string_view type, uint64_t count) {
    if (count == 0) return;
    tool_.failed_calls += count;
    if (!IsSeriesName(type)) return;
    const auto found = std::find_if(tool_.error_types.begin(), tool_.error_types.end(),
                                    [&](const auto& known) { return known.first == type; });
    if (found == tool_.error_types.end()) {
      tool_.error_types.emplace_back(type, count);
    } else {
      found->second += count;
    }
  }

  void AddInFlight(const Segment& segment, const ToolCell& cell) {
    const InFlightState state = ReadInFlight(segment, cell.in_flight, cell.spill);
    tool_.in_progress += state.calls;
    // Ticks of one machine compare where they are of one source.
    const uint64_t source = segment.header().clock_source.load(std::memory_order_relaxed);
    if (state.oldest_start_ticks == 0 || source != static_cast<uint64_t>(Clock::source())) return;
    oldest_ticks_ = oldest_ticks_ == 0 ? state.oldest_start_ticks : std::min(oldest_ticks_, state.oldest_start_ticks);
  }

  ToolSnapshot tool_;
  double nanos_ = 0;
  uint64_t oldest_ticks_ = 0;
};

void ToolReader::AddTool(size_t member, const ToolCell* cell, std::string_view name) {
  Tool& tool = tools_[std::string(name)];
  member_parts_[member].push_back({&tool, tool.parts.size()});
  tool.parts.push_back({member, cell});
  tool.recorded.emplace_back();
  tool.window.Add(member, &cell->window);
  tool.first_item.Add(member, &cell->first_item);
}

void ToolReader::Index(std::span<const Member> members) {
  const bool same = std::equal(ids_.begin(), ids_.end(), members.begin(), members.end(),
                               [](uint64_t id, const Member& member) { return id == member.id; });
  if (!same) {
    for (auto& [name, tool] : tools_) {
      tool.parts.clear();
      tool.recorded.clear();
      tool.window.Clear();
      tool.first_item.Clear();
    }
    caches_.clear();
    ids_.clear();
    for (const Member& member : members) ids_.push_back(member.id);
    seen_series_.assign(members.size(), 0);
    member_parts_.assign(members.size(), {});
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const Segment& segment = *members[i].segment;
    const uint64_t count = CountSeries(segment);
    if (count == seen_series_[i]) continue;
    uint64_t place = 0;
    ForEachSeries(segment, [&](const DirectoryView& series) {
      if (place++ < seen_series_[i] || !IsSeriesName(series.name)) return;
      if (series.kind == SeriesKind::kTool) {
        if (const ToolCell* cell = FindToolCell(segment, series.cell)) AddTool(i, cell, series.name);
      } else if (series.kind == SeriesKind::kCache) {
        const auto* cell = segment.Find<CacheCell>(series.cell);
        if (cell != nullptr) caches_[std::string(series.name)].push_back({i, cell});
      }
    });
    seen_series_[i] = place;
  }
  if (!same) std::erase_if(tools_, [](const auto& entry) { return entry.second.parts.empty(); });
}

void ToolReader::AddPart(std::span<const Member> members, Tool& tool, size_t part, ToolSum& sum) {
  const Member& member = members[tool.parts[part].member];
  const ToolCell& cell = *tool.parts[part].cell;
  tool.recorded[part] = sum.Add(member, cell);
  tool.window.Look(member, part);
  tool.first_item.Look(member, part);
}

ToolSnapshot ToolReader::Finish(std::span<const Member> members, QuantileMethod method, std::string_view name,
                                Tool& tool, const ToolSum& sum) {
  ToolSnapshot snapshot = sum.Finish(name);
  snapshot.window_ms = windows_.Read(members, method, tool.recorded, tool.window).value_or(WindowStats());
  snapshot.first_item_ms = windows_.Read(members, method, {}, tool.first_item);
  return snapshot;
}

void ToolReader::Read(std::span<const Member> members, QuantileMethod method, std::vector<ToolSnapshot>& tools,
                      std::vector<CacheSnapshot>& caches) {
  Index(members);
  std::vector<ToolSum> sums(tools_.size());
  size_t place = 0;
  for (auto& [name, tool] : tools_) {
    tool.place = place++;
    tool.window.Begin();
    tool.first_item.Begin();
  }
  for (const std::vector<PartOf>& parts : member_parts_) {
    for (const auto& [tool, part] : parts) AddPart(members, *tool, part, sums[tool->place]);
  }
  tools.reserve(tools_.size());
  for (auto& [name, tool] : tools_) {
    ToolSnapshot snapshot = Finish(members, method, name, tool, sums[tool.place]);
    if (name != kOverflowName || !IsIdle(snapshot)) tools.push_back(std::move(snapshot));
  }
  caches.reserve(caches_.size());
  for (const auto& [name, parts] : caches_) {
    CacheSnapshot snapshot;
    snapshot.name = name;
    for (const Part<CacheCell>& part : parts) AddCache(members[part.member], *part.cell, snapshot);
    if (name != kOverflowName || !IsIdle(snapshot)) caches.push_back(std::move(snapshot));
  }
}

std::optional<ToolSnapshot> ToolReader::ReadTool(std::span<const Member> members, QuantileMethod method,
                                                 std::string_view name) {
  Index(members);
  const auto found = tools_.find(name);
  if (found == tools_.end()) return std::nullopt;
  Tool& tool = found->second;
  tool.window.Begin();
  tool.first_item.Begin();
  ToolSum sum;
  for (size_t part = 0; part < tool.parts.size(); ++part) AddPart(members, tool, part, sum);
  ToolSnapshot snapshot = Finish(members, method, name, tool, sum);
  if (name == kOverflowName && IsIdle(snapshot)) return std::nullopt;
  return snapshot;
}

std::optional<CacheSnapshot> ToolReader::ReadCache(std::span<const Member> members, std::string_view name) {
  Index(members);
  const auto found = caches_.find(name);
  if (found == caches_.end()) return std::nullopt;
  CacheSnapshot snapshot;
  snapshot.name = name;
  for (const Part<CacheCell>& part : found->second) AddCache(members[part.member], *part.cell, snapshot);
  if (name == kOverflowName && IsIdle(snapshot)) return std::nullopt;
  return snapshot;
}

}  // namespace toolvitals
