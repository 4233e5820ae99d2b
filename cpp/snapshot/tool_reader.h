// Tools and caches of all members, as one.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cells.h"
#include "metrics/quantiles.h"
#include "snapshot/member.h"
#include "snapshot/snapshot.h"

namespace toolvitals {

// Which cells belong to one name is kept from one reading to the next and grows as series come; it is found anew when
// members come or go. The statistics of a window are kept too, and computed again only when one of its parts has moved:
// an idle tool costs a scrape nothing but its lines. Belongs to one thread.
class ToolReader {
 public:
  // Appends what there is, sorted by name. The series for what found no room is shown once it holds something.
  void Read(std::span<const Member> members, QuantileMethod method, std::vector<ToolSnapshot>& tools,
            std::vector<CacheSnapshot>& caches);
  // nullopt for a name that nobody has.
  std::optional<ToolSnapshot> ReadTool(std::span<const Member> members, QuantileMethod method, std::string_view name);
  std::optional<CacheSnapshot> ReadCache(std::span<const Member> members, std::string_view name);

 private:
  template <typename Cell>
  struct Part {
    size_t member;  // its place among the members
    const Cell* cell;
  };
  struct KeptStats {
    std::vector<WindowCell::Position> positions;  // of the parts; of one without a window, nothing
    uint64_t window_sizes = 0;                    // added up
    QuantileMethod method = QuantileMethod::kExclusive;
    std::optional<WindowStats> stats;
  };
  struct Tool {
    std::vector<Part<ToolCell>> parts;
    KeptStats window, first_item;
  };
  using Cache = std::vector<Part<CacheCell>>;

  void Index(std::span<const Member> members);
  ToolSnapshot Collect(std::span<const Member> members, QuantileMethod method, std::string_view name, Tool& tool);
  // The statistics of the union of the parts' windows; nullopt where none has one. `recorded` has as many calls as each
  // part has finished, where a sample was recorded with each.
  std::optional<WindowStats> Statistics(std::span<const Member> members, QuantileMethod method, const Tool& tool,
                                        WindowCell ToolCell::*window, std::span<const uint64_t> recorded,
                                        KeptStats& kept);
  void ReadSamples(std::span<const Member> members, const Tool& tool, WindowCell ToolCell::*window,
                   const KeptStats& seen);

  std::vector<uint64_t> ids_;          // of the members that are indexed
  std::vector<uint64_t> seen_series_;  // of each: how many entries of its directory
  std::map<std::string, Tool, std::less<>> tools_;
  std::map<std::string, Cache, std::less<>> caches_;
  std::vector<double> samples_, part_;
  std::vector<uint64_t> recorded_;
};

}  // namespace toolvitals
