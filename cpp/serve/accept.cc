// Reading an Accept header, and choosing the format that it likes best. Floor: serve.
#include "serve/accept.h"

#include <algorithm>
#include <cstddef>
#include <tuple>

#include "absl/container/inlined_vector.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "serve/preferences.h"

namespace toolvitals {
namespace {

enum Specificity { kNoMatch, kAnything, kAnySubtype, kAnyVersion, kExact };

struct Match {
  Specificity specificity = kNoMatch;
  int q_thousandths = 0;
  Escaping escaping = Escaping::kUnderscores;
};

bool Contradicts(std::string_view wanted, std::string_view present) {
  return !wanted.empty() && !present.empty() && wanted != present;
}

bool SameName(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(absl::string_view(a.data(), a.size()), absl::string_view(b.data(), b.size()));
}

Specificity MatchRange(const Preference& range, const ExpositionFormat& format) {
  const size_t slash = range.item.find('/');
  if (slash == std::string_view::npos) return kNoMatch;
  const std::string_view type = range.item.substr(0, slash);
  const std::string_view subtype = range.item.substr(slash + 1);
  if (type == "*") return subtype == "*" ? kAnything : kNoMatch;
  if (!SameName(type, format.type)) return kNoMatch;
  if (subtype == "*") return kAnySubtype;
  if (!SameName(subtype, format.subtype)) return kNoMatch;
  if (Contradicts(range.proto, format.proto) || Contradicts(range.encoding, format.encoding)) return kNoMatch;

  std::string_view version = range.version;
  if (version.empty() && SameName(type, "text") && SameName(subtype, "plain")) version = "0.0.4";
  // A format without versions has nothing that a version could contradict.
  if (version.empty() || format.version.empty()) return kAnyVersion;
  return version == format.version ? kExact : kNoMatch;
}

}  // namespace

NegotiatedFormat Negotiate(std::string_view accept, std::span<const ExpositionFormat> formats,
                           const ExpositionFormat& open_choice) {
  absl::InlinedVector<Match, 8> matches(formats.size());
  ForEachPreference(accept, [&](const Preference& range) {
    for (size_t i = 0; i < formats.size(); ++i) {
      const Specificity specificity = MatchRange(range, formats[i]);
      const bool escapes = formats[i].escapes && specificity >= kAnyVersion;
      const Match match = {specificity, range.q_thousandths,
                           escapes ? FindEscaping(range.escaping) : Escaping::kUnderscores};
      Match& best = matches[i];
      if (match.specificity == kNoMatch) continue;
      if (std::tie(match.specificity, match.q_thousandths) > std::tie(best.specificity, best.q_thousandths)) {
        best = match;
      }
    }
  });

  NegotiatedFormat chosen = {&open_choice};
  auto rank = std::make_tuple(0, 0, false);
  for (size_t i = 0; i < formats.size(); ++i) {
    const Match& match = matches[i];
    if (match.q_thousandths == 0) continue;
    const bool open = &formats[i] == &open_choice;
    // That a range names a version makes it no dearer to the client than one that names a type without versions.
    const auto candidate = std::make_tuple(match.q_thousandths, std::min<int>(match.specificity, kAnyVersion), open);
    if (candidate > rank) {
      rank = candidate;
      chosen = {&formats[i], match.escaping};
    }
  }
  return chosen;
}

}  // namespace toolvitals
