// The order of the checks, and the answer of each route. Floor: serve.
#include "serve/router.h"

#include <algorithm>
#include <memory>
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

constexpr std::string_view kJsonFormat = "json";

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

const ExpositionFormat* FormatNamed(std::span<const ExpositionFormat> formats, std::string_view name) {
  const auto found =
      std::find_if(formats.begin(), formats.end(), [name](const ExpositionFormat& f) { return f.name == name; });
  return found == formats.end() ? nullptr : &*found;
}

Response NotFound() { return ErrorResponse(404, "not found: there are /metrics, /metrics.json and /health"); }

// What one request is answered with, by what its route has.
class Answering {
 public:
  Answering(const Request& request, const RouterConfig& config, const Health& health)
      : request_(request), config_(config), health_(health) {
    const size_t mark = request.target.find('?');
    path_ = std::string_view(request.target).substr(0, mark);
    if (mark != std::string::npos) query_ = std::string_view(request.target).substr(mark + 1);
  }

  // Compared as it was sent: nothing is decoded, so nothing can be hidden in an encoding.
  std::string_view path() const { return path_; }

  Answer operator()(Respond respond) const { return respond(health_); }

  Answer operator()(const Exposition& exposition) const {
    RenderOptions options;
    const ExpositionFormat* format = nullptr;
    if (exposition.format_name.empty()) {
      const NegotiatedFormat negotiated = Negotiate(request_.accept, config_.formats, *config_.default_format);
      format = negotiated.format;
      options.escaping = negotiated.escaping;
      NameFilter filter = ParseNameFilter(query_);
      options.filtered = filter.present;
      options.names = std::move(filter.names);
    } else {
      format = FormatNamed(config_.formats, exposition.format_name);
    }
    if (format == nullptr) return NotFound();
    options.own_families = format->name == kJsonFormat && AsksForAllFamilies(query_);
    return Scrape{format, AcceptsGzip(request_.accept_encoding), std::move(options)};
  }

  Answer operator()(const std::shared_ptr<const StoredPage>& page) const { return page->Answer(request_); }

  Answer operator()(const std::shared_ptr<UpgradeHandler>& handler) const {
    if (std::unique_ptr<Response> problem = HandshakeProblem(request_)) return *std::move(problem);
    return Upgrade{handler, std::make_shared<const Request>(request_)};
  }

  Answer operator()(const std::shared_ptr<Delegate>& delegate) const {
    return Delegation{
        delegate, {std::string(path_), std::string(query_), request_.accept}, AcceptsGzip(request_.accept_encoding)};
  }

 private:
  const Request& request_;
  const RouterConfig& config_;
  const Health& health_;
  std::string_view path_;
  std::string_view query_;
};

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

  const Answering answering(request, config, health);
  const Route* route = FindBuiltInRoute(answering.path());
  std::shared_ptr<const Route> published;
  if (route == nullptr && config.routes != nullptr) {
    published = config.routes->Find(answering.path(), config.default_format->name);
    route = published.get();
  }
  if (route == nullptr) return NotFound();
  if (route->needs_auth && !IsAuthorized(request, config)) return ErrorResponse(401, "a bearer token is required");
  return std::visit(answering, route->answer);
}

Response ScrapeResponse(const Scrape& scrape, std::shared_ptr<const std::string> body, bool gzip) {
  Response response;
  response.content_type = ContentType(*scrape.format, scrape.options.escaping);
  response.body = std::move(body);
  response.gzip = gzip;
  response.vary = "Accept, Accept-Encoding";
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
