// Coalescing: scrapes that wait at the same moment share one snapshot and one body for each representation.
// Floor: serve.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/answer_waiter.h"
#include "serve/router.h"
#include "serve/server.h"

namespace toolvitals {

// The loop adds each scrape as its request arrives and, with the first of a batch, posts a call of AnswerAll(). Asio
// runs a posted handler behind those that are ready by then, so that all clients whose requests the last poll brought
// are in the batch when it runs; one client alone waits for nothing. The snapshot is taken in AnswerAll(), after every
// request of the batch has arrived: what a client is given is never older than its request.
//
// Belongs to the loop's thread.
class ScrapeBatch {
 public:
  // A body of more than `max_whole_bytes` is streamed to each who waits for it, where its format can be.
  ScrapeBatch(SnapshotSource source, ScrapeObserver observe, size_t max_whole_bytes)
      : source_(std::move(source)), observe_(std::move(observe)), max_whole_bytes_(max_whole_bytes) {}

  // True for the first of a batch: AnswerAll() must be posted.
  [[nodiscard]] bool Add(const Scrape& scrape, std::shared_ptr<AnswerWaiter> waiter);

  // Takes a snapshot, renders each representation that is waited for, and answers. What the source or a renderer throws
  // becomes status 500 for those who waited.
  void AnswerAll() noexcept;

  // A scrape whose body was streamed is over.
  void Observe(std::chrono::nanoseconds took) const {
    if (observe_) observe_(took);
  }

 private:
  using Waiting = std::vector<std::pair<Scrape, std::shared_ptr<AnswerWaiter>>>;
  struct Rendered {
    Scrape scrape;
    Response response;
  };

  Response Render(const Scrape& scrape, const SharedSnapshot& snapshot);
  std::vector<Rendered> RenderAll(const Waiting& waiting);

  SnapshotSource source_;
  ScrapeObserver observe_;
  Waiting waiting_;
  const size_t max_whole_bytes_;
  std::map<const ExpositionFormat*, size_t> last_sizes_;  // so that a body is allocated once
};

}  // namespace toolvitals
