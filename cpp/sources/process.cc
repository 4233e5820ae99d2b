// Parsing /proc without streams: these take locks of the C++ runtime's locale and would cost more than the scrape.
// Floor: sources.
#include "sources/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace toolvitals {
namespace {

constexpr const char* kKernelRoot = "/proc";
constexpr const char* kSelf = "self";
constexpr double kMicrosPerSecond = 1e6;

// The fields of /proc/self/stat that follow the command's name, counted from the state; see proc(5).
enum StatField : size_t {
  kUserTicks = 11,
  kSystemTicks = 12,
  kThreads = 17,
  kStartTicks = 19,
  kVirtualBytes = 20,
  kResidentPages = 21,
  kStatFields = 22,
};

// Seconds since the epoch at which the machine started; 0 until it was read. Kept, because /proc/stat is long on a
// machine of many processors and because the figure there moves when the clock is set. Relaxed: whoever reads it twice
// reads the same file.
std::atomic<uint64_t> kept_boot_time{0};

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / kMicrosPerSecond;
}

// Appends the file to `text`; false when it cannot be opened or read.
bool ReadFile(const std::string& path, std::string& text) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  std::array<char, 4096> chunk;
  ssize_t count;
  while ((count = read(fd, chunk.data(), chunk.size())) > 0) text.append(chunk.data(), static_cast<size_t>(count));
  close(fd);
  return count == 0;
}

// Takes the next word off the front of `text`; empty at its end.
std::string_view TakeWord(std::string_view& text) {
  constexpr std::string_view kBlanks = " \t\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) {
    text = {};
    return {};
  }
  const size_t end = std::min(text.find_first_of(kBlanks, begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

// A whole word of digits; nothing for anything else, "unlimited" and negative numbers included.
std::optional<uint64_t> Number(std::string_view word) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

// What follows `key` on the line that starts with it; empty when there is none.
std::string_view AfterKey(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.substr(0, key.size()) == key) return line.substr(key.size());
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return {};
}

uint64_t BootTime(const std::string& proc_root) {
  const bool keep = proc_root == kKernelRoot;
  if (keep) {
    const uint64_t kept = kept_boot_time.load(std::memory_order_relaxed);
    if (kept != 0) return kept;
  }
  std::string text;
  if (!ReadFile(proc_root + "/stat", text)) return 0;
  std::string_view rest = AfterKey(text, "btime ");
  const uint64_t boot_time = Number(TakeWord(rest)).value_or(0);
  if (keep) kept_boot_time.store(boot_time, std::memory_order_relaxed);
  return boot_time;
}

// When the process began, in ticks since the machine did; zero when the file is missing or not as proc(5) says, and
// `process` is then untouched. `who` is "self" or a number.
uint64_t ReadStat(const std::string& proc_root, const std::string& who, ProcessSnapshot& process) {
  std::string text;
  if (!ReadFile(proc_root + "/" + who + "/stat", text)) return 0;
  // The command's name stands in parentheses and may hold spaces, newlines and parentheses itself; no field after it
  // can.
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  std::array<uint64_t, kStatFields> fields{};
  for (size_t i = 0; i < kStatFields; ++i) {
    const std::string_view word = TakeWord(rest);
    if (word.empty()) return 0;
    // Some of the other fields are letters or negative.
    fields[i] = Number(word).value_or(0);
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  process.cpu_seconds = static_cast<double>(fields[kUserTicks] + fields[kSystemTicks]) / ticks_per_second;
  process.threads = fields[kThreads];
  process.virtual_memory_bytes = fields[kVirtualBytes];
  process.resident_memory_bytes = fields[kResidentPages] * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  if (const uint64_t boot_time = BootTime(proc_root); boot_time != 0) {
    process.start_time_seconds =
        static_cast<double>(boot_time) + static_cast<double>(fields[kStartTicks]) / ticks_per_second;
  }
  return fields[kStartTicks];
}

uint64_t CountOpenFds(const std::string& proc_root, const std::string& who) {
  // Since Linux 6.2 the directory's size is the number of open descriptors; before, and for a directory of another
  // file system, they have to be listed, which takes milliseconds where ten thousand clients are connected.
  struct stat status {};
  const std::string path = proc_root + "/" + who + "/fd";
  struct statfs file_system {};
  if (statfs(path.c_str(), &file_system) == 0 && file_system.f_type == PROC_SUPER_MAGIC &&
      stat(path.c_str(), &status) == 0 && status.st_size > 0) {
    return static_cast<uint64_t>(status.st_size);
  }
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return 0;
  // The descriptor that reads the directory is gone when the figure is.
  const auto own = static_cast<uint64_t>(dirfd(directory));
  uint64_t count = 0;
  while (const dirent* entry = readdir(directory)) {
    const std::optional<uint64_t> fd = Number(entry->d_name);
    if (fd.has_value() && *fd != own) ++count;
  }
  closedir(directory);
  return count;
}

uint64_t ReadMaxFds(const std::string& proc_root, const std::string& who) {
  std::string text;
  // Of itself a process knows it without a text of sixteen lines.
  const bool is_told = proc_root == kKernelRoot && who == kSelf;
  if (!is_told && ReadFile(proc_root + "/" + who + "/limits", text)) {
    std::string_view limits = AfterKey(text, "Max open files");
    return Number(TakeWord(limits)).value_or(0);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return 0;
  return limit.rlim_cur;
}

// Replaced whole and never freed: a reader may hold the one before.
std::atomic<const std::string*> other_root{nullptr};

}  // namespace

std::string ProcRoot() {
  // Pairs with the release in SetProcRoot().
  const std::string* root = other_root.load(std::memory_order_acquire);
  return root == nullptr ? kKernelRoot : *root;
}

void SetProcRoot(std::string proc_root) {
  other_root.store(new std::string(std::move(proc_root)), std::memory_order_release);
}

ProcessSnapshot ReadProcess(const std::string& proc_root) {
  ProcessSnapshot process;
  process.pid = getpid();
  if (ReadStat(proc_root, kSelf, process) == 0) {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
      process.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
    }
  }
  process.open_fds = CountOpenFds(proc_root, kSelf);
  process.max_fds = ReadMaxFds(proc_root, kSelf);
  return process;
}

std::optional<ProcessSnapshot> ReadOtherProcess(uint64_t process_id, uint64_t start_ticks,
                                                const std::string& proc_root) {
  const std::string who = std::to_string(process_id);
  ProcessSnapshot process;
  process.pid = static_cast<int64_t>(process_id);
  if (start_ticks == 0 || ReadStat(proc_root, who, process) != start_ticks) return std::nullopt;
  process.open_fds = CountOpenFds(proc_root, who);
  process.max_fds = ReadMaxFds(proc_root, who);
  return process;
}

}  // namespace toolvitals
