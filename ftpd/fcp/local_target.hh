// SPDX-License-Identifier: ISC
// Where fcp writes what it fetches. A file appears under its name when it is complete and not before: until
// then it has a temporary name beside it, which is removed however else the program ends (but SIGKILL), or,
// on request, kept for a later run to go on from.
#pragma once

#include "common/cksum.hh"
#include "common/fd.hh"

#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace ftpd {

using SharedFd = std::shared_ptr<const common::Fd>;

// What -p gives a copy.
struct KeptFacts {
    std::optional<std::time_t> modified;
    std::optional<mode_t> mode; // nine bits
};

class LocalTarget {
public:
    enum class Start {
        anew,      // under a random name, removed if it is not completed
        anew_kept, // under partial_name_of(name), which stays
        resumed,   // the same, after the bytes that exist already: of that file, else of the one in place
    };
    // A name in a folder; no folder: a path. Something that is neither a regular file nor a
    // symbolic link is not replaced (EEXIST); a link is replaced, not followed. shown: for messages. One
    // target at a time in a process. Throws std::system_error; UserError when another fcp is at the same
    // partial.
    LocalTarget(SharedFd folder, std::string name, std::string shown, Start start);
    // "-": standard output; else something that is not a regular file (a FIFO, /dev/null): written to
    // directly.
    explicit LocalTarget(const std::string& stream);
    LocalTarget(const LocalTarget&) = delete;
    LocalTarget& operator=(const LocalTarget&) = delete;
    ~LocalTarget();

    // Of the bytes that existed already.
    const common::Cksum& beginning() const { return beginning_; }
    void write(std::string_view bytes);
    // The name appears, or the file under it is replaced; without a kept mode, it has the old one's
    // permissions or a new file's.
    void complete(const KeptFacts& kept = {});
    void discard(); // nothing is kept for later

private:
    void create_temporary();
    void open_partial(Start start);
    void take_beginning();
    mode_t permissions() const;

    SharedFd open_folder_;
    int folder_; // of it, or AT_FDCWD
    std::string name_;
    std::string shown_;
    std::optional<mode_t> permissions_; // of the file in place
    std::string temporary_;             // its name; empty: none
    bool keeps_ = false;
    common::Fd file_; // standard output's own is borrowed
    common::Cksum beginning_;
};

// The name of an unfinished file that is kept.
std::string partial_name_of(std::string_view name);

// What a run that continues finds under a name in a folder (none: under a path): regular files, and their
// sizes in bytes.
struct Leftover {
    std::optional<std::uint64_t> in_place;
    std::optional<std::uint64_t> partial;
};
Leftover find_leftover(const SharedFd& folder, const std::string& name);

// The checksum of a file's next bytes, or as many as there are. Throws std::system_error.
common::Cksum sum_of(const common::Fd& file, const std::string& shown, std::uint64_t bytes = UINT64_MAX);
// Opens the file under a name in a folder for reading; a link is not followed.
common::Fd open_regular(const SharedFd& folder, const std::string& name);
void set_facts(const common::Fd& file, const KeptFacts& kept, const std::string& shown);

// Where a symbolic link leads; the path itself if it is not a link.
std::string follow_link(const std::string& path);

} // namespace ftpd
