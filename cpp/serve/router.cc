// The order of the checks, and the answer of each route. Floor: serve.
#include "serve/router.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "serve/accept.h"
#include "serve/encoding.h"
#include "serve/host_check.h"
#include "serve/name_filter.h"

namespace toolvitals {
namespace {

constexpr std::string_view kJsonFormat = "json";  // what /metrics.json is named for

bool IsForeign(const Request& request, const RouterConfig& config) {
  // Without a Host only HTTP/1.0 comes this far, which no browser speaks.
  if (request.host && !IsOwnHost(*request.host, config.own_host)) return true;
  return request.origin && !IsOwnOrigin(*request.origin, config.own_host);
}

bool IsAuthorized(const Request& request, const RouterConfig& config) {
  constexpr absl::string_view kScheme = "Bearer ";
  if (config.auth_token.empty()) return true;
  if (!absl::StartsWithIgnoreCase(request.authorization, kScheme)) return false;
  std::string_view token = std::string_view(request.authorization).substr(kScheme.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  return SecretsEqual(config.auth_token, token);
}

Response HealthResponse(const Health& health) {
  // Milliseconds are enough, and no locale has a say.
  const double uptime = static_cast<double>(static_cast<int64_t>(health.uptime_seconds * 1000)) / 1000;
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), uptime).ptr;
  return JsonResponse(200, absl::StrCat("{\"status\": \"ok\", \"uptime_seconds\": ",
                                        absl::string_view(digits.data(), end - digits.data()),
                                        ", \"pid\": ", health.pid, ", \"version\": \"" TOOLVITALS_VERSION "\"}\n"));
}

const ExpositionFormat* FormatNamed(std::span<const ExpositionFormat> formats, std::string_view name) {
  const auto found =
      std::find_if(formats.begin(), formats.end(), [name](const ExpositionFormat& f) { return f.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

}  // namespace

bool SecretsEqual(std::string_view expected, std::string_view presented) {
  unsigned difference = expected.size() == presented.size() ? 0 : 1;
  for (size_t i = 0; i < presented.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<unsigned char>(presented[i] ^ other);
  }
  return difference == 0;
}

Answer RouteRequest(const Request& request, const RouterConfig& config, const Health& health) {
  if (config.loopback && IsForeign(request, config))
    return ErrorResponse(403, "Host or Origin is not a loopback address");
  if (request.method != "GET" && request.method != "HEAD") return ErrorResponse(405, "only GET and HEAD are allowed");
  if (request.has_body) return ErrorResponse(413, "a request here has no body");

  // The path is compared as it was sent: nothing is decoded, so nothing can be hidden in an encoding.
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/health") return HealthResponse(health);
  const ExpositionFormat* format = nullptr;
  RenderOptions options;
  if (path == "/metrics") {
    const NegotiatedFormat negotiated = Negotiate(request.accept, config.formats, *config.default_format);
    format = negotiated.format;
    options.escaping = negotiated.escaping;
  } else if (path == "/metrics.json") {
    format = FormatNamed(config.formats, kJsonFormat);
  }
  if (format == nullptr) return ErrorResponse(404, "not found: there are /metrics, /metrics.json and /health");
  if (!IsAuthorized(request, config)) return ErrorResponse(401, "a bearer token is required");
  if (path == "/metrics" && path.size() < request.target.size()) {
    NameFilter filter = ParseNameFilter(std::string_view(request.target).substr(path.size() + 1));
    options.filtered = filter.present;
    options.names = std::move(filter.names);
  }
  return Scrape{format, AcceptsGzip(request.accept_encoding), std::move(options)};
}

Response ScrapeResponse(const Scrape& scrape, std::shared_ptr<const std::string> body, bool gzip) {
  Response response;
  response.content_type = ContentType(*scrape.format, scrape.options.escaping);
  response.body = std::move(body);
  response.gzip = gzip;
  response.negotiated = true;
  return response;
}

Response StreamedResponse(const Scrape& scrape, SharedSnapshot snapshot) {
  Response response = ScrapeResponse(scrape, nullptr, scrape.gzip);
  response.start_body = [scrape, snapshot = std::move(snapshot)] {
    return scrape.format->start(snapshot, scrape.options);
  };
  return response;
}

}  // namespace toolvitals
