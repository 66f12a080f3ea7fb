// SPDX-License-Identifier: ISC
#include "ftpd/fcp/local_target.hh"

#include "common/errors.hh"
#include "common/file_lock.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024; // bytes

// For the handler: the name to remove, and its folder. A program that blocks in reads and writes of other
// people's pipes and terminals cannot take signals inside one wait only, as the daemons do.
std::atomic<const char*> unfinished{nullptr};
std::atomic<int> unfinished_folder{AT_FDCWD};
static_assert(std::atomic<const char*>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void remove_unfinished(int signal) {
    if (const char* const name = unfinished) ::unlinkat(unfinished_folder, name, 0);
    ::raise(signal); // its action is the default again: this ends the program when the handler returns
}

void catch_ending_signals() {
    static bool is_done = false;
    if (std::exchange(is_done, true)) return;
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE, SIGQUIT, SIGTERM}) {
        struct sigaction action {};
        checked("sigaction", {}, [&] { return ::sigaction(signal, nullptr, &action); });
        if (action.sa_handler == SIG_IGN) continue; // nohup(1)
        action = {};
        action.sa_handler = remove_unfinished;
        action.sa_flags = static_cast<int>(SA_RESETHAND);
        checked("sigaction", {}, [&] { return ::sigaction(signal, &action, nullptr); });
    }
}

std::optional<struct stat> look(int folder, const std::string& name, const std::string& shown) {
    struct stat found {};
    if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return found;
    if (errno != ENOENT) fail("look at", shown);
    return {};
}

std::optional<std::uint64_t> size_if_regular(int folder, const std::string& name) {
    const auto found = look(folder, name, name);
    if (!found || !S_ISREG(found->st_mode)) return {};
    return static_cast<std::uint64_t>(found->st_size);
}

// The name with something before and after its last component, which is cut so that the whole fits NAME_MAX.
std::string dress(std::string_view name, std::string_view end) {
    constexpr std::size_t max_kept = 200; // bytes
    const std::size_t folder = name.rfind('/') + 1;
    return text(name.substr(0, folder), '.', name.substr(folder, max_kept), end);
}

void read_through(const Fd& file, const std::string& shown, std::uint64_t bytes,
                  const std::function<void(std::string_view)>& take) {
    std::vector<char> buffer(buffer_size);
    while (bytes > 0) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(bytes, buffer.size()));
        const auto got = checked("read", shown, [&] { return ::read(file.get(), buffer.data(), wanted); });
        if (got == 0) return;
        take({buffer.data(), static_cast<std::size_t>(got)});
        bytes -= static_cast<std::uint64_t>(got);
    }
}

int number_of(const SharedFd& folder) { return folder ? folder->get() : AT_FDCWD; }

// Blocks all signals for its life: no temporary file is made without being known to the handler.
class NoSignals {
public:
    NoSignals() {
        sigset_t all;
        ::sigfillset(&all);
        ::sigprocmask(SIG_BLOCK, &all, &before_);
    }
    ~NoSignals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

private:
    sigset_t before_{};
};

mode_t permissions_of_new_files() {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    return 0666 & ~mask;
}

} // namespace

LocalTarget::LocalTarget(SharedFd folder, std::string name, std::string shown, Start start)
    : open_folder_(std::move(folder)),
      folder_(number_of(open_folder_)),
      name_(std::move(name)),
      shown_(std::move(shown)),
      keeps_(start != Start::anew) {
    const auto present = look(folder_, name_, shown_);
    if (present && !S_ISREG(present->st_mode) && !S_ISLNK(present->st_mode))
        fail_with(S_ISDIR(present->st_mode) ? EISDIR : EEXIST, "replace", shown_);
    if (present && S_ISREG(present->st_mode)) permissions_ = present->st_mode & 0777;
    if (start == Start::anew)
        create_temporary();
    else
        open_partial(start);
}

LocalTarget::LocalTarget(const std::string& stream) : folder_(AT_FDCWD), shown_(stream) {
    if (stream == "-") shown_ = "standard output";
    file_ = Fd{checked("open", shown_, [&] {
        return stream == "-" ? ::dup(STDOUT_FILENO) : ::open(stream.c_str(), O_WRONLY | O_CLOEXEC);
    })};
}

LocalTarget::~LocalTarget() {
    if (!keeps_) discard();
}

void LocalTarget::discard() {
    if (temporary_.empty()) return;
    ::unlinkat(folder_, temporary_.c_str(), 0);
    unfinished = nullptr;
    temporary_.clear();
}

void LocalTarget::create_temporary() {
    static unsigned serial = 0;
    static const pid_t own = ::getpid();
    constexpr int max_tries = 1000;
    catch_ending_signals();
    for (int tries = 0;; ++tries) {
        const std::string name = dress(name_, text(".fcp-", own, '-', ++serial));
        const NoSignals now;
        file_ = Fd{retry([&] {
            return ::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            0600);
        })};
        if (!file_ && errno == EEXIST && tries < max_tries) continue;
        if (!file_) fail("create", shown_);
        temporary_ = name;
        unfinished_folder = folder_;
        unfinished = temporary_.c_str();
        return;
    }
}

void LocalTarget::open_partial(Start start) {
    temporary_ = partial_name_of(name_);
    file_ = Fd{checked("create", shown_, [&] {
        return ::openat(folder_, temporary_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                        0600);
    })};
    if (!try_lock_file(file_.get(), shown_))
        throw UserError(text(escape(shown_), " is being fetched by another fcp"));
    if (start == Start::anew_kept)
        checked("truncate", shown_, [&] { return ::ftruncate(file_.get(), 0); });
    else
        take_beginning();
}

// Of the partial itself, which is left at its end; one that is empty begins with the file in place.
void LocalTarget::take_beginning() {
    beginning_ = sum_of(file_, shown_);
    if (beginning_.size() > 0 || !size_if_regular(folder_, name_)) return;
    read_through(open_regular(open_folder_, name_), shown_, UINT64_MAX, [&](std::string_view bytes) {
        write(bytes);
        beginning_.add(bytes);
    });
}

void LocalTarget::write(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto wrote =
            checked("write", shown_, [&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

mode_t LocalTarget::permissions() const {
    static const mode_t of_new_files = permissions_of_new_files();
    return permissions_.value_or(of_new_files);
}

void LocalTarget::complete(const KeptFacts& kept) {
    if (!temporary_.empty())
        set_facts(file_, {kept.modified, kept.mode ? *kept.mode : permissions()}, shown_);
    // Some file systems tell only now that there was no room.
    checked("close", shown_, [&] { return ::close(file_.release()) == -1 && errno != EINTR ? -1 : 0; });
    if (temporary_.empty()) return;
    checked("rename", shown_,
            [&] { return ::renameat(folder_, temporary_.c_str(), folder_, name_.c_str()); });
    unfinished = nullptr;
    temporary_.clear();
}

std::string partial_name_of(std::string_view name) { return dress(name, ".fcp-part"); }

Leftover find_leftover(const SharedFd& folder, const std::string& name) {
    const int number = number_of(folder);
    return {size_if_regular(number, name), size_if_regular(number, partial_name_of(name))};
}

Cksum sum_of(const Fd& file, const std::string& shown, std::uint64_t bytes) {
    Cksum sum;
    read_through(file, shown, bytes, [&](std::string_view piece) { sum.add(piece); });
    return sum;
}

Fd open_regular(const SharedFd& folder, const std::string& name) {
    return Fd{checked("open", name, [&] {
        return ::openat(number_of(folder), name.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    })};
}

void set_facts(const Fd& file, const KeptFacts& kept, const std::string& shown) {
    if (kept.mode) checked("set the permissions of", shown, [&] { return ::fchmod(file.get(), *kept.mode); });
    if (!kept.modified) return;
    const std::array<timespec, 2> times{timespec{0, UTIME_OMIT}, timespec{*kept.modified, 0}};
    checked("set the time of", shown, [&] { return ::futimens(file.get(), times.data()); });
}

std::string follow_link(const std::string& path) {
    std::error_code error;
    if (!std::filesystem::is_symlink(path, error)) return path;
    const std::filesystem::path target = std::filesystem::canonical(path, error);
    if (error) fail_with(error.value(), "follow the link", path);
    return target;
}

} // namespace ftpd
