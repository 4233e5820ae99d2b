// Stored pages: their entity tags, their compressed twins, and 304.
// Floor: serve.
#include "serve/stored_page.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "serve/encoding.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

absl::string_view View(std::string_view text) { return absl::string_view(text.data(), text.size()); }

// RFC 9110, section 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
    return absl::ascii_isalnum(c) || kOthers.find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool IsOfServer(std::string_view name) {
  constexpr absl::string_view kOwn[] = {"Date",          "Content-Type", "Content-Length",         "Content-Encoding",
                                        "Cache-Control", "Connection",   "X-Content-Type-Options", "Transfer-Encoding",
                                        "ETag",          "Vary"};
  return std::any_of(std::begin(kOwn), std::end(kOwn),
                     [name](absl::string_view own) { return absl::EqualsIgnoreCase(View(name), own); });
}

// The same in every process that publishes these bytes (FNV-1a, 64 bits, and their number).
std::string EntityTag(std::string_view body, std::string_view coding) {
  uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char c : body) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100'0000'01b3;
  return absl::StrCat("\"", absl::Hex(hash, absl::kZeroPad16), "-", absl::Hex(body.size()), View(coding), "\"");
}

absl::Status CheckValue(std::string_view what, std::string_view value) {
  if (IsFieldValue(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(View(what), " must be visible ASCII characters and inner spaces"));
}

}  // namespace

bool IsFieldValue(std::string_view text) {
  return !text.empty() && text.front() != ' ' && text.back() != ' ' &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; });
}

bool HoldsEntityTag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
    if (list.starts_with('*')) return true;
    if (list.starts_with("W/")) list.remove_prefix(2);
    if (!list.starts_with('"')) return false;
    const size_t end = list.find('"', 1);
    if (end == std::string_view::npos) return false;
    if (list.substr(0, end + 1) == etag) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const StoredPage>> StoredPage::Make(std::string body, std::string content_type,
                                                                   std::string cache_control, const Fields& fields) {
  absl::Status status = CheckValue("content_type", content_type);
  status.Update(CheckValue("cache_control", cache_control));
  std::string lines;
  for (const auto& [name, value] : fields) {
    if (!IsToken(name) || IsOfServer(name)) {
      return absl::InvalidArgumentError(absl::StrCat("'", absl::CHexEscape(name), "' is no header field of a page"));
    }
    status.Update(CheckValue(absl::StrCat("the value of ", name), value));
    absl::StrAppend(&lines, name, ": ", value, "\r\n");
  }
  if (body.size() > kMaxStoredPageBytes) {
    status.Update(absl::InvalidArgumentError(
        absl::StrCat("a page has ", body.size(), " bytes, but must have at most ", kMaxStoredPageBytes)));
  }
  if (!status.ok()) return status;

  std::shared_ptr<StoredPage> page(new StoredPage);
  page->content_type_ = std::move(content_type);
  page->cache_control_ = std::move(cache_control);
  const auto represent = [&](std::string bytes, std::string_view coding) {
    std::string etag = EntityTag(bytes, coding);
    std::string validators = absl::StrCat("ETag: ", etag, "\r\n", lines);
    return Representation{std::make_shared<const std::string>(std::move(bytes)), std::move(validators),
                          std::move(etag)};
  };
  std::optional<std::string> compressed = Gzip(body, kStoredGzipLevel);
  if (compressed && compressed->size() < body.size()) {
    page->gzip_ = represent(*std::move(compressed), "-gzip");
  }
  page->plain_ = represent(std::move(body), "");
  return page;
}

Response StoredPage::Answer(const Request& request) const {
  const bool gzip = gzip_.body != nullptr && AcceptsGzip(request.accept_encoding);
  const Representation& chosen = gzip ? gzip_ : plain_;
  Response response;
  response.content_type = content_type_;
  response.cache_control = cache_control_;
  response.extra_headers = chosen.validators;
  response.vary = "Accept-Encoding";
  if (HoldsEntityTag(request.if_none_match, chosen.etag)) {
    response.status = 304;
    response.body = NoBody();
    return response;
  }
  response.gzip = gzip;
  response.body = chosen.body;
  return response;
}

}  // namespace toolvitals
