// SPDX-License-Identifier: ISC
#include "common/beneath.hh"

#include "common/errors.hh"

#include <algorithm>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

// Descriptors that a walk holds at most: a session may have few, and a path of max_path has 2000 components.
constexpr std::size_t max_held = 8;

// How the walk came from the root to where it stands. Going up is going back on the trail, never
// openat(".."): a directory that was moved meanwhile has another parent, perhaps outside.
class Trail {
public:
    explicit Trail(int root) : root_(root) {}

    int here() const { return steps_.empty() ? root_ : steps_.back().directory.get(); }

    // False, with errno, if name is not a directory here. O_NONBLOCK, lest a system that looks at O_DIRECTORY
    // late waits for a FIFO's writer.
    bool enter(std::string name) {
        const int flags = open_for_search | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        Fd directory{retry([&] { return ::openat(here(), name.c_str(), flags); })};
        if (!directory) return false;
        steps_.push_back({std::move(name), std::move(directory)});
        if (steps_.size() > max_held) steps_[steps_.size() - max_held - 1].directory.reset();
        return true;
    }

    void leave() {
        struct stat here_now; // unused: this asks for the right to search, which `..' needs
        if (::fstatat(here(), ".", &here_now, 0) == -1) fail("search");
        if (steps_.empty()) return; // the root is its own parent
        steps_.pop_back();
        if (!steps_.empty() && !steps_.back().directory) retrace();
    }

    void return_to_root() { steps_.clear(); }

private:
    struct Step {
        std::string name; // never a link's
        Fd directory;     // only the last max_held steps have it
    };

    void retrace() {
        for (Step& step : std::exchange(steps_, {}))
            if (!enter(step.name)) fail("open", step.name);
    }

    int root_;
    std::vector<Step> steps_;
};

void check_path(std::string_view path) {
    if (path.empty()) fail_with(ENOENT, "open");
    if (path.find('\0') != path.npos) fail_with(EINVAL, "open");
    if (path.size() >= max_path) fail_with(ENAMETOOLONG, "open");
}

// The text of a link; nothing if name is not a link.
std::optional<std::string> read_link(int directory, const std::string& name) {
    std::string text(max_path, '\0');
    const auto length =
        retry([&] { return ::readlinkat(directory, name.c_str(), text.data(), text.size()); });
    if (length == -1) return {};
    text.resize(static_cast<std::size_t>(length));
    check_path(text);
    return text;
}

// Cuts the first component off rest; it is empty if nothing but slashes was left.
std::string take_component(std::string_view& rest) {
    rest.remove_prefix(std::min(rest.find_first_not_of('/'), rest.size()));
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(component.size());
    return std::string{component};
}

} // namespace

Fd open_beneath_by_walk(int root, std::string_view path, int flags, mode_t mode) {
    check_path(path);
    const auto open_here = [&](const Trail& trail, const char* name, int more_flags) {
        return retry([&] { return ::openat(trail.here(), name, flags | O_CLOEXEC | more_flags, mode); });
    };
    Trail trail{root};
    std::string text; // what links put before the rest of path; it stays below 41 times max_path
    std::string_view rest = path;
    for (int links = 0;;) {
        std::string name = take_component(rest);
        const bool is_last = rest.find_first_not_of('/') == rest.npos;
        const bool is_slashed = !rest.empty();
        if (name == "..") trail.leave();
        if (name.empty() || name == "." || name == "..") {
            if (!is_last) continue;
            return Fd{checked("open", path, [&] { return open_here(trail, ".", 0); })};
        }
        if (is_last) {
            if (is_slashed && (flags & O_CREAT)) fail_with(EISDIR, "open", path);
            const int fd = open_here(trail, name.c_str(), O_NOFOLLOW | (is_slashed ? O_DIRECTORY : 0));
            if (fd >= 0) return Fd{fd};
        } else if (trail.enter(name)) {
            continue;
        }
        // A link gives one of ELOOP, ENOTDIR, EMLINK, EEXIST, ... as the system likes: ask the name itself.
        const int error = errno;
        std::optional<std::string> link;
        if (is_slashed || !(flags & (O_NOFOLLOW | O_EXCL))) link = read_link(trail.here(), name);
        if (!link) fail_with(error, "open", path);
        if (++links > max_links_followed) fail_with(ELOOP, "open", path);
        if (link->starts_with('/')) trail.return_to_root();
        link->append(rest);
        text = std::move(*link);
        rest = text;
    }
}

Place place_beneath(int root, std::string_view path, LastLink last) {
    check_path(path);
    std::string whole{path};
    for (int links = 0;;) {
        const auto end = whole.find_last_not_of('/') + 1; // 0 if there are only slashes
        const auto start = whole.substr(0, end).rfind('/') + 1;
        const bool is_slashed = end < whole.size();
        const std::string before = start == 0 ? "./" : whole.substr(0, start);
        Place place{open_beneath(root, before, open_for_search | O_DIRECTORY),
                    whole.substr(start, end - start)};
        if (place.name.empty() || place.name == "." || place.name == "..") fail_with(EINVAL, "open", path);

        if (last == LastLink::follow) {
            if (const auto link = read_link(place.directory.get(), place.name)) {
                if (++links > max_links_followed) fail_with(ELOOP, "open", path);
                whole = (link->starts_with('/') ? *link : before + *link) + (is_slashed ? "/" : "");
                continue;
            }
        }
        if (is_slashed) {
            struct stat status;
            const bool exists =
                ::fstatat(place.directory.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
            if (!exists && errno != ENOENT) fail("open", path);
            if (!exists && last == LastLink::follow) fail_with(EISDIR, "open", path);
            if (exists && !S_ISDIR(status.st_mode)) fail_with(ENOTDIR, "open", path);
        }
        return place;
    }
}

} // namespace common
