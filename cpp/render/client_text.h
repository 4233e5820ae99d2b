// Families as prometheus_client writes them: what programs and their tests know as the output of generate_latest().
// Floor: render.
//
// It differs from the text that the endpoints serve in what no reader minds: labels stand in the order of their names,
// every number has a point, counts come before sums, and the times when series began are gauges of their own where the
// format is the older one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "render/family_sink.h"
#include "render/writer.h"

namespace toolvitals {

struct ClientTextOptions {
  bool open_metrics = false;
  bool created = true;   // whether it is shown when series began
  bool natives = false;  // whether native histograms are shown, which OpenMetrics has in its draft of version 2
};

// Labels are put in order and encoded once for as long as a family's series stay the same. Belongs to one thread.
class ClientText {
 public:
  // Appends the family to `out`. False, and nothing is appended, for one that has what only Python writes: names that
  // are no identifiers, and exemplars.
  bool Write(const FamilySnapshot& family, const ClientTextOptions& options, std::string& out);

 private:
  // A series' labels around the place of the one that is the type's own: `a="x",` and `,z="y"`.
  struct OrderedLabels {
    std::string before, after;
  };

  bool Order(const FamilySnapshot& family);

  std::shared_ptr<const LabelSets> labels_;  // that `ordered_` was made of
  std::vector<OrderedLabels> ordered_;
};

}  // namespace toolvitals
