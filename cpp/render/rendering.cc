// Going through a snapshot family by family, as far as a piece reaches. Floor: render.
#include "render/rendering.h"

#include <utility>

#include "render/families.h"
#include "render/protobuf_sink.h"
#include "render/text_sink.h"
#include "render/writer.h"

namespace toolvitals {
namespace {

class TextRendering final : public Rendering {
 public:
  TextRendering(TextDialect dialect, Escaping escaping, SharedSnapshot snapshot, const RenderOptions& options)
      : snapshot_(std::move(snapshot)),
        options_(options),
        writer_(text_),
        sink_(dialect, escaping, writer_),
        list_(*snapshot_, options_, sink_) {}

  bool Append(size_t bytes, std::string& out) override {
    writer_.Use(out);
    const bool more = list_.WriteUntil([&] { return writer_.written() >= bytes; });
    writer_.MoveTo(out);
    return more;
  }

 private:
  const SharedSnapshot snapshot_;
  const RenderOptions options_;
  std::string text_;
  Writer writer_;
  TextSink sink_;
  FamilyList list_;
};

class ProtobufRendering final : public Rendering {
 public:
  ProtobufRendering(SharedSnapshot snapshot, const RenderOptions& options)
      : snapshot_(std::move(snapshot)),
        options_(options),
        sink_(options_.escaping, messages_),
        list_(*snapshot_, options_, sink_) {}

  bool Append(size_t bytes, std::string& out) override {
    const bool more = list_.WriteUntil([&] { return messages_.size() >= bytes; });
    if (out.empty()) {
      out.swap(messages_);
    } else {
      out += messages_;
    }
    messages_.clear();
    return more;
  }

 private:
  const SharedSnapshot snapshot_;
  const RenderOptions options_;
  std::string messages_;
  ProtobufSink sink_;
  FamilyList list_;
};

}  // namespace

std::unique_ptr<Rendering> StartPrometheusText(SharedSnapshot snapshot, const RenderOptions& options) {
  return std::make_unique<TextRendering>(TextDialect::kPrometheus, Escaping::kUnderscores, std::move(snapshot),
                                         options);
}

std::unique_ptr<Rendering> StartPrometheusText1(SharedSnapshot snapshot, const RenderOptions& options) {
  return std::make_unique<TextRendering>(TextDialect::kPrometheus, options.escaping, std::move(snapshot), options);
}

std::unique_ptr<Rendering> StartOpenMetrics(SharedSnapshot snapshot, const RenderOptions& options) {
  return std::make_unique<TextRendering>(TextDialect::kOpenMetrics, options.escaping, std::move(snapshot), options);
}

std::unique_ptr<Rendering> StartOpenMetrics2(SharedSnapshot snapshot, const RenderOptions& options) {
  return std::make_unique<TextRendering>(TextDialect::kOpenMetrics2, options.escaping, std::move(snapshot), options);
}

std::unique_ptr<Rendering> StartPrometheusProtobuf(SharedSnapshot snapshot, const RenderOptions& options) {
  return std::make_unique<ProtobufRendering>(std::move(snapshot), options);
}

}  // namespace toolvitals
