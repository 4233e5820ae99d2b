// The families of operations, and recording one into them. Floor: ingest.
#include "ingest/operation_metrics.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ingest/ingest_limits.h"

namespace toolvitals {
namespace {

constexpr std::string_view kUserLabel = "user";
constexpr std::array<std::string_view, 3> kOwnLabels = {"operation_type", "outcome", "le"};

absl::Status CheckLabels(const std::vector<std::string>& labels) {
  if (labels.size() > kMaxOperationLabels) {
    return absl::InvalidArgumentError(
        absl::StrCat("operations have at most ", kMaxOperationLabels, " labels of their own, not ", labels.size()));
  }
  for (auto label = labels.begin(); label != labels.end(); ++label) {
    if (!IsLabelName(*label)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "label '", *label, "' must be ASCII letters, digits and underscores, and begin with neither digit nor __"));
    }
    if (std::find(kOwnLabels.begin(), kOwnLabels.end(), *label) != kOwnLabels.end()) {
      return absl::InvalidArgumentError(absl::StrCat("label '", *label, "' is one that operations have anyway"));
    }
    if (std::find(labels.begin(), label, *label) != label) {
      return absl::InvalidArgumentError(absl::StrCat("label '", *label, "' is there twice"));
    }
  }
  return absl::OkStatus();
}

std::string_view Find(const IngestLabels& labels, std::string_view name) {
  const auto found = std::lower_bound(labels.begin(), labels.end(), name,
                                      [](const auto& label, std::string_view wanted) { return label.first < wanted; });
  return found == labels.end() || found->first != name ? std::string_view() : std::string_view(found->second);
}

}  // namespace

absl::StatusOr<std::unique_ptr<OperationMetrics>> OperationMetrics::Create(InstrumentStore& store,
                                                                           IngestFamilies& families,
                                                                           std::vector<std::string> labels) {
  if (absl::Status status = CheckLabels(labels); !status.ok()) return status;
  std::unique_ptr<OperationMetrics> metrics(new OperationMetrics(std::move(labels)));
  if (absl::Status status = metrics->MakeFamilies(store, families); !status.ok()) return status;
  return metrics;
}

absl::Status OperationMetrics::MakeFamilies(InstrumentStore& store, IngestFamilies& families) {
  std::vector<std::string> by_type = {"operation_type"};
  by_type.insert(by_type.end(), labels_.begin(), labels_.end());
  std::vector<std::string> by_outcome = by_type;
  by_outcome.insert(by_outcome.begin() + 1, "outcome");
  struct Plan {
    std::shared_ptr<Family>& family;
    InstrumentKind kind;
    const char* name;
    const char* help;
    const std::vector<std::string>& label_names;
  };
  const std::vector<std::string> none;
  const Plan plans[] = {
      {durations_, InstrumentKind::kHistogram, "operation_duration_seconds", "How long operations took.", by_type},
      {sizes_, InstrumentKind::kHistogram, "operation_object_size_bytes", "Sizes of the objects of operations.",
       by_type},
      {operations_, InstrumentKind::kCounter, "operations", "Operations, by outcome.", by_outcome},
      {bytes_, InstrumentKind::kCounter, "operation_bytes", "Bytes of the objects of operations.", by_type},
      {active_users_, InstrumentKind::kGauge, "active_users",
       "Different users of operations within the last five minutes.", none},
  };
  for (const Plan& plan : plans) {
    families.TakeNames(plan.kind, plan.name);
    // Users are those of servers that run.
    auto made = MakeIngestFamily(store, plan.kind, plan.name, plan.help, plan.label_names, /*max_series=*/0,
                                 GaugeMode::kLiveSum);
    if (!made.ok()) return made.status();
    plan.family = *std::move(made);
  }
  active_user_count_ = active_users_->WithLabels({});
  return absl::OkStatus();
}

void OperationMetrics::Observe(Family& family, const LabelValues& values, double amount) {
  std::shared_ptr<Series> holder;
  UseSeries(family, values, holder)
      .histogram()
      .Observe<Writers::kConcurrent>(family.segment(), family.bounds().BucketOf(amount), amount);
}

void OperationMetrics::Record(const OperationRecord& record, uint64_t now_ns) {
  LabelValues values = {record.type};
  for (const std::string& label : labels_) values.push_back(Find(record.labels, label));
  Observe(*durations_, values, record.duration_s);
  std::shared_ptr<Series> holder;
  if (record.object_bytes.has_value()) {
    Observe(*sizes_, values, static_cast<double>(*record.object_bytes));
    UseSeries(*bytes_, values, holder).counter().Increment<Writers::kConcurrent>(*record.object_bytes);
  }
  LabelValues with_outcome = values;
  with_outcome.insert(with_outcome.begin() + 1, record.success ? "success" : "error");
  UseSeries(*operations_, with_outcome, holder).counter().Increment<Writers::kConcurrent>();
  if (const std::string_view user = Find(record.labels, kUserLabel); !user.empty()) {
    users_.See(user, now_ns);
    Refresh(now_ns);
  }
}

void OperationMetrics::Refresh(uint64_t now_ns) {
  active_user_count_->gauge().Set(static_cast<double>(users_.Count(now_ns)));
}

void OperationMetrics::ForgetUsers() {
  users_.Clear();
  Refresh(0);
}

}  // namespace toolvitals
