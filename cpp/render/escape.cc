// One walk over the bytes for all formats; they differ in the characters that may not stand for themselves.
// Floor: render.
#include "render/escape.h"

#include <array>
#include <cstdint>

#include "base/utf8.h"

namespace toolvitals {
namespace {

constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// Which bytes stand for themselves without a second look.
using PlainBytes = std::array<bool, 256>;

constexpr PlainBytes AsciiExcept(std::string_view special, unsigned first) {
  PlainBytes plain{};
  for (unsigned byte = first; byte < 0x80; ++byte) plain[byte] = true;
  for (const char byte : special) plain[static_cast<uint8_t>(byte)] = false;
  return plain;
}

constexpr PlainBytes kPlainInJson = AsciiExcept("\"\\", 0x20);
constexpr PlainBytes kPlainInLabelValue = AsciiExcept("\"\\\n", 0);
constexpr PlainBytes kPlainInHelp = AsciiExcept("\\\n", 0);
constexpr PlainBytes kAllPlain = AsciiExcept("", 0);

// Copies runs of plain bytes and valid sequences whole; `escape` writes an ASCII byte that is not plain.
template <typename Escape>
void EscapeBytes(std::string_view text, const PlainBytes& plain, Writer& writer, Escape escape) {
  size_t run = 0;
  size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<uint8_t>(text[at]);
    if (plain[byte]) {
      ++at;
      continue;
    }
    const size_t length = Utf8SequenceLength(text.substr(at));
    if (length > 1) {
      at += length;
      continue;
    }
    writer.Text(text.substr(run, at - run));
    if (length == 1) {
      escape(static_cast<char>(byte));
    } else {
      writer.Text(kReplacementCharacter);
    }
    run = ++at;
  }
  writer.Text(text.substr(run));
}

}  // namespace

void EscapeJson(std::string_view text, Writer& writer) {
  EscapeBytes(text, kPlainInJson, writer, [&](char byte) {
    constexpr std::string_view kHexDigits = "0123456789abcdef";
    switch (byte) {
      case '"':
        return writer.Text("\\\"");
      case '\\':
        return writer.Text("\\\\");
      case '\b':
        return writer.Text("\\b");
      case '\f':
        return writer.Text("\\f");
      case '\n':
        return writer.Text("\\n");
      case '\r':
        return writer.Text("\\r");
      case '\t':
        return writer.Text("\\t");
      default: {
        const auto code = static_cast<uint8_t>(byte);
        writer.Text("\\u00");
        writer.Text(kHexDigits.substr(code >> 4, 1));
        writer.Text(kHexDigits.substr(code & 0xF, 1));
      }
    }
  });
}

void EscapeLabelValue(std::string_view text, Writer& writer) {
  EscapeBytes(text, kPlainInLabelValue, writer, [&](char byte) {
    writer.Text(byte == '\n' ? "\\n" : byte == '"' ? "\\\"" : "\\\\");
  });
}

void EscapeHelp(std::string_view text, Writer& writer) {
  EscapeBytes(text, kPlainInHelp, writer, [&](char byte) { writer.Text(byte == '\n' ? "\\n" : "\\\\"); });
}

void CopyValid(std::string_view text, Writer& writer) {
  EscapeBytes(text, kAllPlain, writer, [](char) {});
}

}  // namespace toolvitals
