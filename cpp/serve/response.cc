// Writing a response's head. Floor: serve.
#include "serve/response.h"

#include <time.h>

#include <array>
#include <boost/beast/http/status.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

absl::string_view View(std::string_view text) { return absl::string_view(text.data(), text.size()); }

// As RFC 9110, section 5.6.7, wants it; strftime would speak the process's locale.
void AppendDate(int64_t unix_seconds, std::string& out) {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const time_t seconds = static_cast<time_t>(unix_seconds);
  tm utc = {};
  if (gmtime_r(&seconds, &utc) == nullptr) return;
  absl::StrAppendFormat(&out, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", kDays[utc.tm_wday], utc.tm_mday,
                        kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

Response JsonResponse(unsigned status, std::string body) {
  Response response;
  response.status = status;
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

Response ErrorResponse(unsigned status, std::string_view message) {
  Response response = JsonResponse(status, absl::StrCat("{\"error\": \"", View(message), "\"}\n"));
  switch (status) {
    case 401:
      response.extra_headers = "WWW-Authenticate: Bearer\r\n";
      break;
    case 404:
      break;
    case 405:
      response.extra_headers = "Allow: GET, HEAD\r\n";
      response.close = true;
      break;
    default:
      response.close = true;
  }
  return response;
}

Response UnavailableResponse(std::string_view message) {
  Response response = ErrorResponse(503, message);
  response.extra_headers = absl::StrCat("Retry-After: ", kRetryAfterSeconds, "\r\n");
  response.close = false;
  return response;
}

std::shared_ptr<const std::string> NoBody() {
  static const auto* const empty = new std::shared_ptr<const std::string>(std::make_shared<const std::string>());
  return *empty;
}

void AppendHead(const Response& response, int minor_version, bool keep_alive, int64_t unix_seconds, std::string& out) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(response.status));
  absl::StrAppend(&out, "HTTP/1.1 ", response.status, " ", absl::string_view(reason.data(), reason.size()), "\r\n");
  AppendDate(unix_seconds, out);
  constexpr unsigned kNotModified = 304;
  if (response.status == kNotModified) {
    // What it would say of the content is known to whoever asked.
  } else if (absl::StrAppend(&out, "Content-Type: ", View(response.content_type), "\r\n"); response.body != nullptr) {
    absl::StrAppend(&out, "Content-Length: ", response.body->size(), "\r\n");
  } else if (minor_version != 0) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (response.gzip) out += "Content-Encoding: gzip\r\n";
  if (!response.vary.empty()) absl::StrAppend(&out, "Vary: ", View(response.vary), "\r\n");
  absl::StrAppend(&out, "Cache-Control: ", response.cache_control, "\r\nX-Content-Type-Options: nosniff\r\n");
  out += response.extra_headers;
  if (!keep_alive) {
    out += "Connection: close\r\n";
  } else if (minor_version == 0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace toolvitals
