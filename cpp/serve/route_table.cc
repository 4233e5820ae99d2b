// The built-in routes, and the table of those that were published.
// Floor: serve.
#include "serve/route_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/fork_hooks.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

Response HealthResponse(const Health& health) {
  // Milliseconds are enough, and no locale has a say.
  const double uptime = static_cast<double>(static_cast<int64_t>(health.uptime_seconds * 1000)) / 1000;
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), uptime).ptr;
  return JsonResponse(200, absl::StrCat("{\"status\": \"ok\", \"uptime_seconds\": ",
                                        absl::string_view(digits.data(), end - digits.data()),
                                        ", \"pid\": ", health.pid, ", \"version\": \"" TOOLVITALS_VERSION "\"}\n"));
}

// Path characters of RFC 3986 without "%": what an encoding would stand for is not compared.
bool IsPath(std::string_view path) {
  constexpr std::string_view kMarks = "/-._~!$&'()*+,;=:@";
  return path.starts_with('/') && path.size() <= kMaxRoutePathBytes &&
         std::all_of(path.begin(), path.end(), [&](unsigned char c) {
           return absl::ascii_isalnum(c) || kMarks.find(static_cast<char>(c)) != std::string_view::npos;
         });
}

bool IsServedOn(const Route& route, std::string_view port) { return route.port.empty() || route.port == port; }

}  // namespace

const Route* FindBuiltInRoute(std::string_view path) {
  static const std::array<Route, 3> kRoutes = {
      Route{.path = "/metrics", .answer = Exposition{}},
      Route{.path = "/metrics.json", .answer = Exposition{"json"}},
      Route{.path = "/health", .needs_auth = false, .answer = &HealthResponse},
  };
  const auto found = std::find_if(kRoutes.begin(), kRoutes.end(), [path](const Route& r) { return r.path == path; });
  return found == kRoutes.end() ? nullptr : &*found;
}

RouteTable& RouteTable::Global() {
  static RouteTable* const table = [] {
    static constexpr ForkHook kHook = {&LockForFork, &UnlockInParent, &BeginAfreshInChild};
    auto* made = new RouteTable;
    // The hooks come back here only when a process forks, and by then there is a table.
    if (!SetForkHook(ForkPlace::kRoutes, &kHook).ok()) throw std::bad_alloc();
    return made;
  }();
  return *table;
}

void RouteTable::LockForFork() ABSL_NO_THREAD_SAFETY_ANALYSIS { Global().mutex_.Lock(); }
void RouteTable::UnlockInParent() ABSL_NO_THREAD_SAFETY_ANALYSIS { Global().mutex_.Unlock(); }
void RouteTable::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS { MakeAnewInChild(Global().mutex_); }

absl::Status RouteTable::Put(Route route) {
  if (!IsPath(route.path)) {
    return absl::InvalidArgumentError(absl::StrCat("path '", absl::CHexEscape(route.path),
                                                   "' must begin with '/' and have at most ", kMaxRoutePathBytes,
                                                   " characters, which stand in a path as they are"));
  }
  if (route.is_prefix && !route.path.ends_with('/')) {
    return absl::InvalidArgumentError(absl::StrCat("path '", route.path, "' is a prefix, so it must end with '/'"));
  }
  if (FindBuiltInRoute(route.path) != nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("path '", route.path, "' is the server's own"));
  }
  auto made = std::make_shared<const Route>(std::move(route));
  std::shared_ptr<const Route> before;  // destroyed with no lock held
  const absl::MutexLock lock(&mutex_);
  auto found = routes_.find(made->path);
  if (found == routes_.end()) {
    if (routes_.size() >= kMaxRoutes) {
      return absl::ResourceExhaustedError(absl::StrCat("there are ", kMaxRoutes, " routes already"));
    }
    found = routes_.emplace(made->path, nullptr).first;
  }
  before = std::exchange(found->second, std::move(made));
  return absl::OkStatus();
}

bool RouteTable::Remove(std::string_view path) {
  std::shared_ptr<const Route> removed;  // destroyed with no lock held
  const absl::MutexLock lock(&mutex_);
  const auto found = routes_.find(path);
  if (found == routes_.end()) return false;
  removed = std::move(found->second);
  routes_.erase(found);
  return true;
}

std::shared_ptr<const Route> RouteTable::Find(std::string_view path, std::string_view port) const {
  const absl::ReaderMutexLock lock(&mutex_);
  if (routes_.empty()) return nullptr;
  const auto exact = routes_.find(path);
  if (exact != routes_.end() && IsServedOn(*exact->second, port)) return exact->second;
  for (size_t slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/', slash - 1)) {
    const auto prefix = routes_.find(path.substr(0, slash + 1));
    if (prefix != routes_.end() && prefix->second->is_prefix && IsServedOn(*prefix->second, port)) {
      return prefix->second;
    }
    if (slash == 0) break;
  }
  return nullptr;
}

}  // namespace toolvitals
