// The routes: what a request is answered with. Looked up without a socket, so that it can be tested and fuzzed.
// Floor: serve.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>

#include "render/format.h"
#include "serve/request.h"
#include "serve/response.h"
#include "serve/route_table.h"

namespace toolvitals {

// What one port knows.
struct RouterConfig {
  std::span<const ExpositionFormat> formats;
  const ExpositionFormat* default_format = nullptr;  // of /metrics, when Accept leaves it open
  bool loopback = false;                             // only loopback Hosts and Origins, and own_host, are answered
  std::string own_host = {};                         // what the address was called by who asked for it
  std::string auth_token;                            // empty: no authorization
  const RouteTable* routes = nullptr;                // beside the built-in ones; null: none
};

// An answer that needs a snapshot: the representation to make of it. Requests of the same one share its body.
struct Scrape {
  const ExpositionFormat* format = nullptr;
  bool gzip = false;
  RenderOptions options = {};

  friend bool operator==(const Scrape&, const Scrape&) = default;
};

using Answer = std::variant<Response, Scrape, Upgrade, Delegation>;

Answer RouteRequest(const Request& request, const RouterConfig& config, const Health& health);

// The scrape's response, once its body is there.
Response ScrapeResponse(const Scrape& scrape, std::shared_ptr<const std::string> body, bool gzip);

// The same for a body that is made while it is sent.
Response StreamedResponse(const Scrape& scrape, SharedSnapshot snapshot);

// Whether two secrets are equal, in a time that depends on the presented one's length alone.
bool SecretsEqual(std::string_view expected, std::string_view presented);

}  // namespace toolvitals
