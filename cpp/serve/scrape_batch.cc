// Collecting the scrapes that are ready, and rendering once for those that want the same. Floor: serve.
#include "serve/scrape_batch.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "serve/encoding.h"

namespace toolvitals {

bool ScrapeBatch::Add(const Scrape& scrape, std::shared_ptr<AnswerWaiter> waiter) {
  waiting_.emplace_back(scrape, std::move(waiter));
  return waiting_.size() == 1;
}

Response ScrapeBatch::Render(const Scrape& scrape, const SharedSnapshot& snapshot) {
  const ExpositionFormat& format = *scrape.format;
  auto body = std::make_shared<std::string>();
  size_t& last_size = last_sizes_[&format];
  if (!scrape.options.filtered) body->reserve(last_size + last_size / 8);
  if (format.start == nullptr) {
    format.render(*snapshot, *body, scrape.options);
  } else if (format.start(snapshot, scrape.options)->Append(max_whole_bytes_, *body)) {
    return StreamedResponse(scrape, snapshot);
  }
  if (!scrape.options.filtered) last_size = body->size();
  if (!scrape.gzip) return ScrapeResponse(scrape, std::move(body), false);
  std::optional<std::string> compressed = Gzip(*body);
  if (!compressed) return ScrapeResponse(scrape, std::move(body), false);
  return ScrapeResponse(scrape, std::make_shared<const std::string>(std::move(*compressed)), true);
}

std::vector<ScrapeBatch::Rendered> ScrapeBatch::RenderAll(const Waiting& waiting) {
  std::vector<Rendered> rendered;
  const std::shared_ptr<const Snapshot> snapshot = source_();
  if (snapshot == nullptr) return rendered;
  for (const auto& [scrape, waiter] : waiting) {
    const auto same = [&scrape = scrape](const Rendered& done) { return done.scrape == scrape; };
    if (std::none_of(rendered.begin(), rendered.end(), same)) rendered.push_back({scrape, Render(scrape, snapshot)});
  }
  return rendered;
}

void ScrapeBatch::AnswerAll() noexcept {
  // Whoever asks from here on is in the next batch.
  const Waiting waiting = std::exchange(waiting_, {});
  const auto start = std::chrono::steady_clock::now();
  std::vector<Rendered> rendered;
  try {
    rendered = RenderAll(waiting);
  } catch (...) {
    rendered.clear();
  }
  const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - start;

  for (const auto& [scrape, waiter] : waiting) {
    try {
      const auto same = [&scrape = scrape](const Rendered& done) { return done.scrape == scrape; };
      const auto found = std::find_if(rendered.begin(), rendered.end(), same);
      if (found == rendered.end()) {
        waiter->Deliver(ErrorResponse(500, "the metrics could not be collected"));
        continue;
      }
      found->response.took = took;
      waiter->Deliver(found->response);
      if (found->response.body != nullptr) Observe(took);
    } catch (...) {
      waiter->GiveUp();
    }
  }
}

}  // namespace toolvitals
