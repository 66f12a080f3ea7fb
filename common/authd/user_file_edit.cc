// SPDX-License-Identifier: ISC
// The user file on disk: reading it, and replacing it whole.
#include "common/authd/user_file.hh"
#include "common/errors.hh"
#include "common/fd.hh"
#include "common/file_lock.hh"
#include "common/text.hh"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace common {
namespace {

std::string read_all(int fd, const std::string& path) {
    std::string whole;
    std::array<char, 16384> piece{};
    while (whole.size() <= max_user_file) {
        const ssize_t bytes = checked("read", path, [&] { return ::read(fd, piece.data(), piece.size()); });
        if (bytes == 0) break;
        whole.append(piece.data(), static_cast<std::size_t>(bytes));
    }
    return whole;
}

void write_all(int fd, const std::string& path, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t wrote = checked("write", path, [&] { return ::write(fd, bytes.data(), bytes.size()); });
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
}

struct stat status_of(int fd, const std::string& path) {
    struct stat found {};
    checked("look at", path, [&] { return ::fstat(fd, &found); });
    return found;
}

// Opens the file and holds it locked. Another editor may have put a new one in its place while we waited.
Fd open_locked(const std::string& path, IfMissing if_missing) {
    const int flags = O_RDWR | O_CLOEXEC | (if_missing == IfMissing::make ? O_CREAT : 0);
    for (;;) {
        Fd file{checked("open", path, [&] { return ::open(path.c_str(), flags, 0600); })};
        lock_file(file.get(), path);
        struct stat there {};
        const struct stat ours = status_of(file.get(), path);
        if (::stat(path.c_str(), &there) == 0 && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev)
            return file;
    }
}

// The new file, beside the old one; removed unless it has taken its place.
class Replacement {
public:
    explicit Replacement(const std::string& path) : path_(path), name_(path + ".XXXXXX") {
        file_ = Fd{checked("create", name_, [&] { return ::mkstemp(name_.data()); })};
        set_close_on_exec(file_.get());
    }
    ~Replacement() {
        if (!name_.empty()) ::unlink(name_.c_str());
    }
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

    void fill(std::string_view content, const struct stat& like) {
        const bool same_owner = like.st_uid == ::geteuid() && like.st_gid == ::getegid();
        if (!same_owner) // fails where the owner cannot be kept, and then nothing is replaced
            checked("give", name_, [&] { return ::fchown(file_.get(), like.st_uid, like.st_gid); });
        checked("set the mode of", name_, [&] { return ::fchmod(file_.get(), like.st_mode & 07777); });
        write_all(file_.get(), name_, content);
        checked("write to disk", name_, [&] { return ::fsync(file_.get()); });
    }

    void take_its_place() {
        checked("rename", name_, [&] { return ::rename(name_.c_str(), path_.c_str()); });
        name_.clear();
        const std::string folder = std::filesystem::path{path_}.parent_path();
        const Fd opened{checked("open", folder,
                                [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })};
        checked("write to disk", folder, [&] { return ::fsync(opened.get()); });
    }

private:
    std::string path_;
    std::string name_;
    Fd file_;
};

} // namespace

Fd open_user_file(const std::string& path) {
    // Not blocking: a FIFO put there would hold authd for ever.
    return Fd{checked("open the user file", path,
                      [&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); })};
}

UserFile read_user_file(const std::string& path, const UserTable& table) {
    return read_user_file(open_user_file(path), path, table);
}

UserFile read_user_file(const Fd& file, const std::string& path, const UserTable& table) {
    if (!S_ISREG(status_of(file.get(), path).st_mode))
        throw UserError(text(path, " is not a regular file: name the user file"));
    return UserFile{path, read_all(file.get(), path), table};
}

void edit_user_file(const std::string& path, const UserTable& table, IfMissing if_missing,
                    const std::function<void(UserFile&)>& change) {
    // A link to it stays one.
    const std::string real = std::filesystem::weakly_canonical(std::filesystem::absolute(path));
    const Fd file = open_locked(real, if_missing);
    UserFile users{path, read_all(file.get(), path), table};
    change(users);
    const std::string content = users.content();
    if (content.size() > max_user_file)
        throw UserError(text(path, ": it would be longer than ", max_user_file, " bytes"));
    Replacement replacement{real};
    replacement.fill(content, status_of(file.get(), path));
    replacement.take_its_place();
}

} // namespace common
