// Cutting lines out of pieces of any length, within a budget that clients share. Floor: ingest.
#include "ingest/line_splitter.h"

#include <utility>

namespace toolvitals {
namespace {

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

void Deliver(std::string_view line, LineReceiver& receiver) {
  if (!IsBlank(line)) receiver.OnLine(line);
}

}  // namespace

void LineSplitter::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const bool is_end = end != std::string_view::npos;
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(is_end ? end + 1 : bytes.size());
    if (skipping_) {
      skipping_ = !is_end;
    } else {
      TakePart(part, is_end);
    }
  }
}

void LineSplitter::TakePart(std::string_view part, bool is_end) {
  const auto refuse = [&](IngestResult reason) {
    Drop();
    skipping_ = !is_end;
    receiver_.OnBadLine(reason);
  };
  if (pending_.size() + part.size() > kMaxLineBytes) return refuse(IngestResult::kLineTooLong);
  if (is_end && pending_.empty()) return Deliver(part, receiver_);
  if (!budget_.Take(part.size())) return refuse(IngestResult::kNoMemory);
  taken_ += part.size();
  pending_.append(part);
  if (!is_end) return;
  // Taken out first, so that whatever the receiver throws, the next line begins anew.
  const std::string line = std::move(pending_);
  Drop();
  Deliver(line, receiver_);
}

void LineSplitter::Finish() {
  const bool is_incomplete = !IsBlank(pending_);
  Drop();
  skipping_ = false;
  if (is_incomplete) receiver_.OnBadLine(IngestResult::kIncompleteLine);
}

void LineSplitter::Drop() {
  // A splitter that holds nothing may outlive the budget.
  if (taken_ != 0) budget_.Give(std::exchange(taken_, 0));
  std::string().swap(pending_);
}

void SplitDatagram(std::string_view datagram, LineReceiver& receiver) {
  while (!datagram.empty()) {
    const size_t end = datagram.find('\n');
    Deliver(datagram.substr(0, end), receiver);
    datagram.remove_prefix(end == std::string_view::npos ? datagram.size() : end + 1);
  }
}

}  // namespace toolvitals
