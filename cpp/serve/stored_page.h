// A page whose bytes somebody published once: served as they are, with what a browser needs to keep them.
// Floor: serve.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "serve/request.h"
#include "serve/response.h"

namespace toolvitals {

// Immutable, so any number of servers and connections share one.
class StoredPage {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  // Compresses the body once, where that gains something. `fields` are further header fields, as
  // Content-Security-Policy. InvalidArgument names a value that no header field may have, or a field that the server
  // writes itself.
  static absl::StatusOr<std::shared_ptr<const StoredPage>> Make(std::string body, std::string content_type,
                                                                std::string cache_control, const Fields& fields = {});

  // 304 where the client has these very bytes (RFC 9110, section 13.1.2), else 200 with the body, gzipped where the
  // request accepts that.
  Response Answer(const Request& request) const;

 private:
  struct Representation {
    std::shared_ptr<const std::string> body;  // null where there is none
    std::string validators;                   // its ETag, and the other fields, as lines
    std::string etag;
  };

  StoredPage() = default;

  std::string content_type_;
  std::string cache_control_;
  Representation plain_, gzip_;
};

// Whether a header field may have the value: visible ASCII characters and spaces between them, nothing that ends a
// line.
bool IsFieldValue(std::string_view text);

// Whether a list of entity tags, as If-None-Match has it, holds this one: compared weakly, "*" holds every.
bool HoldsEntityTag(std::string_view list, std::string_view etag);

}  // namespace toolvitals
