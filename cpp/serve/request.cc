// Taking the fields that count out of a parsed head. Floor: serve.
#include "serve/request.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "serve/request_target.h"
#include "serve/serve_limits.h"

namespace toolvitals {
namespace {

namespace http = boost::beast::http;
using Fields = http::fields;

absl::string_view View(boost::beast::string_view text) { return absl::string_view(text.data(), text.size()); }
std::string String(boost::beast::string_view text) { return std::string(text.data(), text.size()); }

std::string Joined(const Fields& fields, http::field name) {
  std::string joined;
  const auto range = fields.equal_range(name);
  for (auto field = range.first; field != range.second; ++field) {
    if (!joined.empty()) joined += ',';
    joined.append(field->value().data(), field->value().size());
  }
  return joined;
}

std::optional<std::string> Optional(const Fields& fields, http::field name) {
  const auto field = fields.find(name);
  if (field == fields.end()) return std::nullopt;
  return String(field->value());
}

bool IsDecimal(absl::string_view text) {
  constexpr size_t kMaxDigits = 19;  // below 2^63
  return !text.empty() && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// Empty for a body, or its absence, that everyone understands alike.
std::string_view BodyProblem(const Fields& fields, int version) {
  const auto length = fields.find(http::field::content_length);
  const auto coding = fields.find(http::field::transfer_encoding);
  if (length != fields.end() && !IsDecimal(View(length->value()))) return "Content-Length is not one number";
  if (coding == fields.end()) return {};
  if (length != fields.end()) return "both Content-Length and Transfer-Encoding";
  if (version < 11) return "Transfer-Encoding in HTTP/1.0";
  if (!absl::EqualsIgnoreCase(View(coding->value()), "chunked")) return "a Transfer-Encoding other than chunked";
  return {};
}

// The fields of requests that RFC 9110 defines with one value. Which of two counts, programs do not agree on.
constexpr http::field kSingleFields[] = {
    http::field::authorization,
    http::field::content_length,
    http::field::content_location,
    http::field::content_range,
    http::field::content_type,
    http::field::date,
    http::field::from,
    http::field::host,
    http::field::if_modified_since,
    http::field::if_range,
    http::field::if_unmodified_since,
    http::field::max_forwards,
    http::field::origin,
    http::field::proxy_authorization,
    http::field::range,
    http::field::referer,
    http::field::sec_websocket_key,
    http::field::sec_websocket_version,
    http::field::user_agent,
};

std::string_view Problem(const Fields& fields, int version) {
  const auto is_repeated = [&fields](http::field name) { return fields.count(name) > 1; };
  if (std::any_of(std::begin(kSingleFields), std::end(kSingleFields), is_repeated) ||
      is_repeated(http::field::transfer_encoding)) {
    return "a field that may stand only once stands twice";
  }
  const auto host = fields.find(http::field::host);
  if (version >= 11 && host == fields.end()) return "no Host";
  if (host != fields.end() && !IsHostAndPort(std::string_view(host->value().data(), host->value().size()))) {
    return "Host is no host";
  }
  return BodyProblem(fields, version);
}

bool HasBody(const Fields& fields) {
  if (fields.count(http::field::transfer_encoding) > 0) return true;
  const auto length = fields.find(http::field::content_length);
  if (length == fields.end()) return false;
  const absl::string_view digits = View(length->value());
  return digits.find_first_not_of('0') != absl::string_view::npos;
}

Refusal RefusalFor(const boost::system::error_code& error) {
  if (error == http::error::bad_version) return {505, "HTTP/1.0 and HTTP/1.1 are spoken here"};
  if (error == http::error::header_limit) return {431, "the head of the request is too large"};
  return {400, "malformed request"};
}

}  // namespace

std::variant<Request, Refusal> ParseRequest(std::string_view head) {
  http::request_parser<http::empty_body> parser;
  parser.header_limit(kMaxRequestHeadBytes);
  // Bodies are never read, so their limits and codings are judged below and not by the parser.
  parser.skip(true);
  boost::system::error_code error;
  const size_t consumed = parser.put(boost::asio::buffer(head.data(), head.size()), error);
  if (error) return RefusalFor(error);
  if (!parser.is_done() || consumed != head.size()) return Refusal{400, "malformed request"};

  const auto& message = parser.get();
  const int version = static_cast<int>(message.version());
  if (const std::string_view problem = Problem(message, version); !problem.empty()) return Refusal{400, problem};

  auto target = ParseRequestTarget(std::string_view(message.target().data(), message.target().size()));
  if (!target) return Refusal{400, "the target is no URI of HTTP"};

  Request request;
  request.method = String(message.method_string());
  request.target = std::move(target->resource);
  request.minor_version = version % 10;
  // RFC 9112, 3.2.2: a host that the target names counts, and whatever Host says does not.
  request.host = target->authority ? std::move(target->authority) : Optional(message, http::field::host);
  request.origin = Optional(message, http::field::origin);
  request.accept = Joined(message, http::field::accept);
  request.accept_encoding = Joined(message, http::field::accept_encoding);
  request.authorization = Optional(message, http::field::authorization).value_or("");
  request.if_none_match = Joined(message, http::field::if_none_match);
  if (message.find(http::field::upgrade) != message.end() && boost::beast::websocket::is_upgrade(message)) {
    request.web_socket = {Optional(message, http::field::sec_websocket_version).value_or(""),
                          Optional(message, http::field::sec_websocket_key).value_or(""),
                          Joined(message, http::field::sec_websocket_protocol)};
  }
  request.keep_alive = message.keep_alive();
  request.has_body = HasBody(message);
  return request;
}

}  // namespace toolvitals
