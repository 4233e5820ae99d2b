// The routes that were published beside the built-in ones: by path, and what each is answered with.
// Floor: serve.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "serve/delegate.h"
#include "serve/request.h"
#include "serve/response.h"
#include "serve/stored_page.h"
#include "serve/web_socket.h"

namespace toolvitals {

// The metrics, in the format of that name, or in the one that is negotiated.
struct Exposition {
  std::string_view format_name;
};

struct Health {
  double uptime_seconds = 0;
  int64_t pid = 0;
};
using Respond = Response (*)(const Health&);

// What a route is answered with: at once, from a snapshot, from stored bytes, by a connection of another kind, or by
// somebody who may take a while.
using RouteAnswer = std::variant<Respond, Exposition, std::shared_ptr<const StoredPage>,
                                 std::shared_ptr<UpgradeHandler>, std::shared_ptr<Delegate>>;

struct Route {
  std::string path;        // compared as requests send it: nothing is decoded
  bool is_prefix = false;  // then everything below it is answered alike; the path ends in "/"
  bool needs_auth = true;  // a bearer token, where the server has one
  std::string port = {};   // the one port that it is served on, by the format of its /metrics; empty: every port
  RouteAnswer answer;
};

// What every server answers: /metrics, /metrics.json and /health. Null for any other path.
const Route* FindBuiltInRoute(std::string_view path);

// Thread-safe. Requests for built-in paths never come here, so whoever holds the lock delays no scrape.
class RouteTable {
 public:
  // The one of this process, which a forked child has too; never destroyed.
  static RouteTable& Global();

  // Publishes a route in place of one with the same path, if there is one. InvalidArgument for a path that no request
  // can have or that is built in, ResourceExhausted where there are too many.
  absl::Status Put(Route route);
  // False where there is none.
  bool Remove(std::string_view path);

  // The route of that port with that very path, or else the longest prefix of it; null where there is none.
  std::shared_ptr<const Route> Find(std::string_view path, std::string_view port) const;

 private:
  static void LockForFork();
  static void UnlockInParent();
  static void BeginAfreshInChild();

  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const Route>, std::less<>> routes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolvitals
