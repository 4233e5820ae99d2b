// A C++ library with metrics of its own in prometheus-cpp's registry, as a program would have one in the process.
#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "toolvitals/prometheus_cpp.h"

namespace {

struct Library {
  std::shared_ptr<prometheus::Registry> registry = std::make_shared<prometheus::Registry>();
  prometheus::Counter& jobs = prometheus::BuildCounter()
                                  .Name("library_jobs_total")
                                  .Help("Jobs of a C++ library.")
                                  .Register(*registry)
                                  .Add({{"kind", "native"}});
  std::unique_ptr<toolvitals::CollectableSource> shown;
};

Library& TheLibrary() {
  static Library library;
  return library;
}

}  // namespace

extern "C" {

void library_show(const toolvitals_api* api) {
  TheLibrary().shown = std::make_unique<toolvitals::CollectableSource>(*api, TheLibrary().registry);
}
void library_hide() { TheLibrary().shown.reset(); }
void library_work(double jobs) { TheLibrary().jobs.Increment(jobs); }

// What an exposer of prometheus-cpp would show of toolvitals; valid until the next call.
const char* library_expose(const toolvitals_api* api) {
  static std::string text;
  text = prometheus::TextSerializer().Serialize(toolvitals::ToolvitalsCollectable(*api).Collect());
  return text.c_str();
}
}
