// Tools and caches of all members, as one.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cells.h"
#include "metrics/quantiles.h"
#include "model/snapshot.h"
#include "snapshot/member.h"
#include "snapshot/window_reader.h"

namespace toolvitals {

class ToolSum;

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
  struct Tool {
    std::vector<Part<ToolCell>> parts;
    std::vector<uint64_t> recorded;  // calls that each part has finished
    WindowParts window, first_item;
    size_t place = 0;  // among all of them, sorted by name
  };
  // One part of a tool, as its member has it.
  struct PartOf {
    Tool* tool;
    size_t part;
  };
  using Cache = std::vector<Part<CacheCell>>;

  void Index(std::span<const Member> members);
  void AddTool(size_t member, const ToolCell* cell, std::string_view name);
  // Adds a part to what the tool has so far.
  static void AddPart(std::span<const Member> members, Tool& tool, size_t part, ToolSum& sum);
  ToolSnapshot Finish(std::span<const Member> members, QuantileMethod method, std::string_view name, Tool& tool,
                      const ToolSum& sum);

  WindowReader windows_;
  std::vector<uint64_t> ids_;          // of the members that are indexed
  std::vector<uint64_t> seen_series_;  // of each: how many entries of its directory
  // Of each, in the order in which they lie in its segment: so that a thousand segments are read one after the other,
  // and not each of a thousand tools in all of them.
  std::vector<std::vector<PartOf>> member_parts_;
  std::map<std::string, Tool, std::less<>> tools_;
  std::map<std::string, Cache, std::less<>> caches_;
};

}  // namespace toolvitals
