// SPDX-License-Identifier: ISC
// A file that an upload has put in its place, while the one that it replaced is kept beside it under a
// reserved name of its own (ftpd/path.hh): the client may have died before it could read that all is stored,
// and then its half file must not be what is left. One or the other is then made final. Run by the session.
#pragma once

#include "common/beneath.hh"

#include <optional>
#include <string>
#include <sys/stat.h>

namespace ftpd {

class Replacement {
public:
    enum class Over {
        nothing,       // the name was free when the upload began
        a_file,        // it was not
        nothing_still, // it has to be free, as far as the file system can tell
        never_else,    // it has to be free, and the file system to tell
    };
    // Gives the partial, which is beside it, its place's name. written: its status, with everything written.
    // Throws std::system_error, EEXIST for a name that was to be free, EPERM where that cannot be told; then
    // nothing has changed, and the place is still the caller's.
    Replacement(common::Place& place, std::string partial, const struct stat& written, Over over);
    // One of which neither was said leaves both files; the sweeper removes the old one.
    ~Replacement() = default;
    Replacement(Replacement&&) = default;
    Replacement& operator=(Replacement&&) = default;

    // The new file stays; the old one goes.
    void settle();
    // The old file, or none, has the name again, and the new one is the partial once more, unless there is
    // another by now. If another upload has the name meanwhile, and is not final either, it has it again once
    // that is taken back, too. False where that cannot be, and all stays as settle() has it: the name is not
    // that very file any more, or it has been changed, or another session writes into it, or the old one
    // could not be kept. May take 7 ms where others hold one of the files. Throws std::system_error.
    bool take_back();

    const common::Place& place() const { return place_; }

private:
    void put(Over over);
    void keep_and_replace();
    void keep_by_link(const std::string& fresh);
    bool is_ours(const std::string& name) const;
    bool swap_with_kept();
    enum class Tried { done, impossible, too_early };
    Tried take_back_from_name(bool is_last_try);
    Tried take_back_from_other();
    std::optional<std::string> find_ours_kept() const;
    bool take_back_by_exchange();
    bool take_back_in_steps();
    void make_partial_of(const std::string& name);

    common::Place place_;
    std::string partial_;
    struct stat written_;
    std::string kept_;          // the old file's name; empty: there is none
    bool is_revocable_ = false; // there was no old one, or it is kept
};

} // namespace ftpd
