// Writing a native histogram's braces. Floor: render.
#include "render/native_text.h"

#include <cmath>
#include <string_view>
#include <vector>

#include "render/native_runs.h"

namespace toolvitals {
namespace {

void WriteReal(double value, Writer& writer) {
  if (std::isfinite(value)) {
    writer.ReprDouble(value);
  } else {
    writer.GoDouble(value);
  }
}

void WriteBuckets(std::string_view sign, const NativeBuckets& buckets, int32_t infinite_index, Writer& writer) {
  const std::vector<NativeRun> runs = RunsOf(buckets, infinite_index);
  if (runs.empty()) return;
  writer.Text(",");
  writer.Text(sign);
  writer.Text("_spans:[");
  std::string_view comma = "";
  for (const NativeSpan& span : SpansOf(runs)) {
    writer.Text(comma);
    writer.Signed(span.offset);
    writer.Text(":");
    writer.Unsigned(span.length);
    comma = ",";
  }
  writer.Text("],");
  writer.Text(sign);
  writer.Text("_deltas:[");
  comma = "";
  for (const int64_t delta : DeltasOf(runs)) {
    writer.Text(comma);
    writer.Signed(delta);
    comma = ",";
  }
  writer.Text("]");
}

}  // namespace

void WriteNative(const NativeHistogram& native, double sum, Writer& writer) {
  writer.Text("{count:");
  writer.Unsigned(native.total());
  writer.Text(",sum:");
  WriteReal(sum, writer);
  writer.Text(",schema:");
  writer.Signed(native.schema);
  writer.Text(",zero_threshold:");
  writer.ReprDouble(native.zero_threshold);
  writer.Text(",zero_count:");
  writer.Unsigned(native.zero_count);
  WriteBuckets("negative", native.negative, native.infinite_index, writer);
  WriteBuckets("positive", native.positive, native.infinite_index, writer);
  writer.Text("}");
}

}  // namespace toolvitals
