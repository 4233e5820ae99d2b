// Every family of a snapshot, once, in order: what is shown, whatever the format.
// Floor: render. A list belongs to one thread.
//
// A family without a series is left out, and so is a series whose value was not measured. The names of families, labels
// and HELP texts of process_*, python_info and python_gc_* are those of prometheus_client, so that dashboards made for
// it work.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "model/snapshot.h"
#include "render/family_sink.h"
#include "render/family_writer.h"
#include "render/render_options.h"
#include "render/sample_names.h"

namespace toolvitals {

// Writes families piece by piece, so that of a million lines only a few have to be in memory at a time. What it is
// given outlives it.
class FamilyList {
 public:
  enum class Extent {
    kAll,
    kTools,  // the families of tools and caches alone, and no end behind them
    kOwn,    // all that are not in `Snapshot::families`, and no end behind them
  };

  FamilyList(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink, Extent extent = Extent::kAll);
  FamilyList(const FamilyList&) = delete;
  FamilyList& operator=(const FamilyList&) = delete;

  // Writes on until `is_enough` says so, which is asked every few hundred lines. False when that was all.
  bool WriteUntil(absl::FunctionRef<bool()> is_enough);
  void WriteAll();

  // Whether it is the name of a family that is not in `Snapshot::families`, with a series or without.
  bool HasOwn(std::string_view name) const;
  // All of these names.
  std::vector<std::string> OwnNames() const;

 private:
  // A family that is listed here, and not in the snapshot: `write` is called once for each of its parts, and calls
  // Value() and the like.
  struct Own {
    FamilyHead head;
    size_t parts;
    void (*write)(FamilyList&, size_t part);
  };

  void ListTools();
  void ListCaches();
  void ListProcess();
  void ListPython();
  void ListSelf();

  FamilyHead OfTools(std::string_view name, FamilyType type, std::string_view help, std::string_view unit = {}) const {
    return {snapshot_.name_prefix, name, type, help, unit};
  }
  void List(const FamilyHead& head, size_t parts, void (*write)(FamilyList&, size_t part)) {
    own_.push_back({head, parts, write});
  }
  EncodedLabels Encode(std::initializer_list<Label> labels) { return sink_.Encode({labels.begin(), labels.size()}); }
  template <typename Named>
  std::vector<EncodedLabels> EncodeNames(std::string_view label, const std::vector<Named>& all);

  // Of the family that is being written; the first of its series begins it.
  void Value(const SeriesLabels& labels, Number value);
  void ValueUnlessAbsent(const SeriesLabels& labels, double value);
  // For figures of which no process has none: zero says that this system does not tell.
  void ValueUnlessZero(const SeriesLabels& labels, Number value);
  void Histogram(const SeriesLabels& labels, const HistogramValue& value);
  void Summary(const SeriesLabels& labels, const SummaryValue& value);
  void Info(const SeriesLabels& labels);
  void Windows(size_t tool, const WindowStats* stats);
  SeriesLabels LabelsOfProcess(size_t i) const;
  const ProcessSnapshot& ProcessAt(size_t i) const;
  void BeginOwn();

  // Each writes some of the family that is next, and goes on to the one behind it where that was all.
  void WriteSomeOwn();
  void WriteSomeOfSnapshot();
  bool IsAskedFor(const FamilyHead& head) const;

  const Snapshot& snapshot_;
  const RenderOptions& options_;
  FamilySink& sink_;
  const Extent extent_;
  SampleNames names_;

  std::vector<Own> own_;
  size_t family_ = 0;  // the next one: of own_, then of the snapshot
  size_t part_ = 0;    // of an own one
  bool begun_ = false;
  bool finished_ = false;
  std::optional<FamilyWriter> writer_;  // of a family of the snapshot that has begun

  std::vector<EncodedLabels> tools_, caches_, generations_, processes_, collectors_;
  std::array<EncodedLabels, kWindowQuantiles.size()> quantiles_;
  EncodedLabels success_, error_, cancelled_, hit_, miss_;
};

inline void WriteFamilies(const Snapshot& snapshot, const RenderOptions& options, FamilySink& sink) {
  FamilyList(snapshot, options, sink).WriteAll();
}

// For what reads all there is to know, and has no trouble with a sample's name that occurs twice: first the families of
// tools, caches, processes and toolvitals itself, where they are wanted; then those of the snapshot, also those without
// a series. The first family of a name is the one.
// One that `is_there` is true of is left out.
void WriteUniformFamilies(
    const Snapshot& snapshot, bool own, FamilySink& sink,
    absl::FunctionRef<bool(const FamilySnapshot&)> is_there = [](const FamilySnapshot&) { return false; });

// About how many bytes of text the families take, so that a string is allocated once.
size_t ExpectedTextBytes(const Snapshot& snapshot);

}  // namespace toolvitals
