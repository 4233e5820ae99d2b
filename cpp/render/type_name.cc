// The formats' words for the types. Floor: render.
#include "render/type_name.h"

namespace toolvitals {

std::string_view TypeName(FamilyType type, bool open_metrics) {
  switch (type) {
    case FamilyType::kCounter:
      return "counter";
    case FamilyType::kGauge:
      return "gauge";
    case FamilyType::kHistogram:
      return "histogram";
    case FamilyType::kSummary:
      return "summary";
    case FamilyType::kInfo:
      return open_metrics ? "info" : "gauge";
    case FamilyType::kStateSet:
      return open_metrics ? "stateset" : "gauge";
    case FamilyType::kGaugeHistogram:
      return open_metrics ? "gaugehistogram" : "histogram";
    case FamilyType::kUnknown:
      break;
  }
  return open_metrics ? "unknown" : "untyped";
}

}  // namespace toolvitals
