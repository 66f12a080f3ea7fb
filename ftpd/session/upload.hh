// SPDX-License-Identifier: ISC
// A file on its way in. It is written beside its target under a reserved name (ftpd/path.hh) and renamed into
// place when it is complete, so nobody reads half a file and an interrupted upload never harms the old one. A
// lock on the partial tells one being written from one left behind (ftpd/held_file.hh). Run by the session.
#pragma once

#include "ftpd/access.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/replacement.hh"
#include "ftpd/session/tree.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

enum class Replace {
    if_allowed, // an existing file is replaced, with the right to overwrite
    never,      // only a new name will do, whatever the rights (PUT without a length)
};

class Upload {
public:
    // Where writing begins: at a byte (REST); none: behind what is there (APPE).
    using Offset = std::optional<std::uint64_t>;
    // Starts writing path there. A name that is absent: offset 0 begins anew, a larger one continues the
    // partial, cut to that offset when its first byte comes. An existing file: offset 0 replaces it at the
    // end, a larger one writes into it in place, and keeps what follows. What is there is looked at while it
    // is locked. Throws Refusal: 450 when another session uploads the same name, 550 for lack of a right or
    // what is not a regular file, 554 for an offset beyond the end, 552 for what is announced beyond the
    // policy's limit, or more than there is free on the disk.
    struct Policy {
        Rights rights;
        Replace replace = Replace::if_allowed;
        std::uint64_t max_size = 0;               // bytes of a file; 0: no limit
        bool sync = false;                        // complete() returns when file and name are on disk
        std::optional<std::uint64_t> announced{}; // bytes that are to come: refused if they do not fit
    };
    Upload(const Tree& tree, std::string_view path, Offset from, const Policy& policy);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    // An upload that is neither complete nor discarded leaves its partial, to be continued.
    ~Upload() = default;

    // Throws std::system_error; EFBIG, too, for more than the policy's limit.
    void write(std::string_view bytes);
    // The name appears (or the file under it is replaced) with everything written; the size of all of it. For
    // a client that has said that it was done. Both throw Refusal (451) if what was written is no longer
    // under its name: others have removed or replaced the file that it went on with.
    std::uint64_t complete();
    // The same, for one that may be dead: what it replaces is kept until one of the two files is made final.
    // No replacement for what was written in place.
    struct Completed {
        std::uint64_t size;
        std::optional<Replacement> replacement;
    };
    Completed complete_revocably();
    // What to say when write or complete has failed. A disk that is full needs the partial back: it is
    // removed.
    Refusal explain_failure(const std::system_error& error);

    const std::string& path() const { return path_; }
    // Where the next byte goes.
    std::uint64_t offset() const { return static_cast<std::uint64_t>(offset_); }
    // Gives it up before its first byte: what was there stays, and nothing new.
    void leave();
    // Gives it up: what was written is removed, but for what was written in place.
    void discard();

    // Open until it is complete or given up.
    int fd() const { return file_.get(); }
    // Which file it is, once complete.
    const FileId& id() const { return id_; }

private:
    bool is_in_place() const { return partial_.empty(); }
    const std::string& name_now() const { return is_in_place() ? place_.name : partial_; }
    void check_limit(std::uint64_t offset) const;
    bool open(Offset from);
    std::uint64_t added_to(const std::optional<struct stat>& present, Offset from) const;
    [[noreturn]] void refuse_offset(std::uint64_t size) const;
    Replacement::Over over() const;
    Replacement take_name(const struct stat& status);
    void cut();
    struct stat written();
    void stamp();
    void remove_partial();

    std::string path_;
    common::Place place_;
    std::string partial_; // its name beside the target; empty when writing in place
    common::Fd file_;
    FileId id_;
    off_t offset_ = 0;
    Policy policy_;
    const bool may_replace_;
    bool goes_on_ = false;   // with a partial that was there
    bool is_longer_ = false; // what is there, than where it goes on: it is cut with the first byte
    bool replaces_ = false;  // there is an old file
};

// The size so far of an unfinished upload of path; no value if there is none.
std::optional<std::uint64_t> partial_size(const Tree& tree, std::string_view path);
// The same, for reading.
std::optional<OpenFile> open_partial(const Tree& tree, std::string_view path);
// Removes the file at path, or, if there is none, its partial. Throws what Tree::remove_file does, ENOENT for
// neither, and Refusal (450) while another session writes the partial.
enum class Removed { file, partial };
Removed remove_file_or_partial(const Tree& tree, std::string_view path);

} // namespace ftpd
