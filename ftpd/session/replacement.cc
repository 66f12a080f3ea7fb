// SPDX-License-Identifier: ISC
#include "ftpd/session/replacement.hh"

#include "common/errors.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/held_file.hh"
#include "ftpd/path.hh"

#include <chrono>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace common;

namespace ftpd {
namespace {

bool is_same_time(const timespec& one, const timespec& other) {
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

void rename_in(int directory, const std::string& from, const std::string& to) {
    checked("rename", to, [&] { return ::renameat(directory, from.c_str(), directory, to.c_str()); });
}

// Fails only where others have been there.
void remove_in(int directory, const std::string& name) { ::unlinkat(directory, name.c_str(), 0); }

bool is_there(int directory, const std::string& name) {
    struct stat found {};
    return ::fstatat(directory, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
}

// To a name that somebody may have taken by now: then that one is newer, and ours is of no use to anybody.
void rename_or_remove(int directory, const std::string& from, const std::string& to) {
    const Renamed renamed = rename_if_free(directory, from, to);
    if (renamed == Renamed::taken) remove_in(directory, from);
    if (renamed == Renamed::unsupported) rename_in(directory, from, to);
}

// The new file, which is called fresh, gets its name, and the old one, if there is one by then, is called
// fresh; taken: there is one.
Renamed exchange_or_rename(int directory, const std::string& fresh, const std::string& name) {
    constexpr int tries = 16; // the old one may go, and another come, in between
    for (int attempt = 0; attempt < tries; ++attempt) {
        try {
            const Renamed exchanged = exchange_names(directory, fresh, name);
            return exchanged == Renamed::done ? Renamed::taken : exchanged;
        } catch (const std::system_error& error) {
            if (error.code().value() != ENOENT) throw;
        }
        const Renamed renamed = rename_if_free(directory, fresh, name);
        if (renamed != Renamed::taken) return renamed;
    }
    fail_with(EBUSY, "replace", name);
}

} // namespace

Replacement::Replacement(Place& place, std::string partial, const struct stat& written, Over over)
    : place_(std::move(place)), partial_(std::move(partial)), written_(written) {
    try {
        put(over);
    } catch (const std::system_error&) {
        place = std::move(place_);
        throw;
    }
}

void Replacement::put(Over over) {
    const int directory = place_.directory.get();
    if (over == Over::a_file) return keep_and_replace();
    const Renamed renamed = rename_if_free(directory, partial_, place_.name);
    const bool is_taken =
        renamed == Renamed::taken || (renamed == Renamed::unsupported && is_there(directory, place_.name));
    is_revocable_ = !is_taken;
    if (renamed == Renamed::done) return;
    if (over == Over::never_else && renamed == Renamed::unsupported) fail_with(EPERM, "create", place_.name);
    if (over != Over::nothing && is_taken) fail_with(EEXIST, "create", place_.name);
    if (renamed == Renamed::taken) return keep_and_replace();
    rename_in(directory, partial_, place_.name);
}

// The new file goes by way of the name under which the old one is kept: under the partial's name, another
// session could take the old one for an upload that it may continue. From then on that name is free for the
// next upload, and not ours any more.
void Replacement::keep_and_replace() {
    const int directory = place_.directory.get();
    struct stat old {};
    // If it is a directory by now: two names could be exchanged, but that would hide all that is in it.
    if (::fstatat(directory, place_.name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(old.st_mode))
        fail_with(EISDIR, "replace", place_.name);
    const std::string fresh = replaced_name(place_.name, ::getpid());
    rename_in(directory, partial_, fresh);
    try {
        const Renamed exchanged = exchange_or_rename(directory, fresh, place_.name);
        if (exchanged == Renamed::unsupported) return keep_by_link(fresh);
        if (exchanged == Renamed::taken) kept_ = fresh;
        is_revocable_ = true;
    } catch (const std::system_error&) {
        make_partial_of(fresh);
        throw;
    }
}

// In two steps, which the system may have in one: a file that comes to the name between them is not kept.
void Replacement::keep_by_link(const std::string& fresh) {
    const int directory = place_.directory.get();
    const std::string kept = replaced_name(text("old-", place_.name), ::getpid());
    remove_in(directory, kept); // what a process of the same number has left
    if (::linkat(directory, place_.name.c_str(), directory, kept.c_str(), 0) == 0) {
        kept_ = kept;
        is_revocable_ = true;
    } else if (errno == ENOENT) { // the old one has just gone
        is_revocable_ = rename_if_free(directory, fresh, place_.name) == Renamed::done;
        if (is_revocable_) return;
    }
    try {
        rename_in(directory, fresh, place_.name);
    } catch (const std::system_error&) {
        settle();
        throw;
    }
}

void Replacement::settle() {
    is_revocable_ = false;
    if (!kept_.empty()) remove_in(place_.directory.get(), std::exchange(kept_, {}));
}

bool Replacement::take_back() {
    constexpr int tries = 4;
    constexpr std::chrono::milliseconds first_pause{1}; // others hold a file longer only to write into it
    Tried outcome = is_revocable_ ? Tried::too_early : Tried::impossible;
    for (int attempt = 1; outcome == Tried::too_early && attempt <= tries; ++attempt) {
        if (attempt > 1) std::this_thread::sleep_for(first_pause * (1 << (attempt - 2)));
        outcome = is_ours(place_.name) ? take_back_from_name(attempt == tries) : take_back_from_other();
    }
    if (outcome != Tried::done) settle();
    is_revocable_ = false;
    return outcome == Tried::done;
}

// Nobody writes into the new file meanwhile, who would then have written into a partial; and no other session
// takes the old one, if that is of an upload that is taken back, too. Who writes into that one does not mind.
Replacement::Tried Replacement::take_back_from_name(bool is_last_try) {
    using State = HeldFile::State;
    const int directory = place_.directory.get();
    const HeldFile fresh = hold_to_move(directory, place_.name);
    if (fresh.state != State::held || !is_ours(place_.name)) return Tried::too_early;
    HeldFile old{State::held};
    if (!kept_.empty()) old = hold_to_move(directory, kept_);
    if (old.state == State::in_use && !is_last_try) return Tried::too_early;
    if (old.state == State::absent) {
        if (is_there(directory, kept_)) return Tried::too_early;
        kept_.clear(); // its own upload has been taken back, and there was none before that
    }
    const bool done = kept_.empty() ? take_back_in_steps() : take_back_by_exchange();
    return done ? Tried::done : Tried::impossible;
}

// Another upload has the name by now, and keeps ours as the old file until it is final itself. Had ours not
// been, it would keep what we do.
Replacement::Tried Replacement::take_back_from_other() {
    const int directory = place_.directory.get();
    const std::optional<std::string> its = find_ours_kept();
    if (!its) return Tried::impossible;
    const HeldFile ours = hold_to_move(directory, *its);
    if (ours.state != HeldFile::State::held || !is_ours(*its)) return Tried::too_early;
    if (kept_.empty() || !is_there(directory, kept_)) {
        kept_.clear();
        make_partial_of(*its);
        return Tried::done;
    }
    try {
        if (exchange_names(directory, kept_, *its) == Renamed::unsupported) {
            rename_in(directory, std::exchange(kept_, {}), *its);
            return Tried::done;
        }
        if (is_ours(kept_)) {
            make_partial_of(std::exchange(kept_, {}));
            return Tried::done;
        }
        exchange_names(directory, kept_, *its); // the other could not wait for us
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
    }
    return Tried::too_early; // it is final by now, or has been taken back
}

// The name under which another session keeps it; none: it does not, or the folder cannot be read.
std::optional<std::string> Replacement::find_ours_kept() const {
    Fd folder{::openat(place_.directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!folder) return {};
    const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(folder.get()), ::closedir};
    if (!stream) return {};
    folder.release(); // the stream owns it now
    while (const dirent* const found = ::readdir(stream.get()))
        if (is_replaced_name(found->d_name) && is_ours(found->d_name)) return found->d_name;
    return {};
}

bool Replacement::is_ours(const std::string& name) const {
    struct stat found {};
    return ::fstatat(place_.directory.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           found.st_dev == written_.st_dev && found.st_ino == written_.st_ino &&
           found.st_size == written_.st_size && is_same_time(found.st_mtim, written_.st_mtim);
}

// Of the name's file and the kept one, each gets the other's name; false if there is none by now.
bool Replacement::swap_with_kept() {
    try {
        return exchange_names(place_.directory.get(), kept_, place_.name) == Renamed::done;
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
        return false;
    }
}

// Another session may give the name to its own file between our look at it and what we do. What turns out to
// have been newer is put back, until it is what we have put there that comes out.
bool Replacement::take_back_by_exchange() {
    const int directory = place_.directory.get();
    struct stat put {
    }, newer{};
    if (::fstatat(directory, kept_.c_str(), &put, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!swap_with_kept()) return is_ours(place_.name) && take_back_in_steps(); // or it is gone
    if (is_ours(kept_)) {
        make_partial_of(std::exchange(kept_, {}));
        return true;
    }
    for (; ::fstatat(directory, kept_.c_str(), &newer, AT_SYMLINK_NOFOLLOW) == 0; put = newer)
        if (!swap_with_kept() || is_named(directory, kept_, put)) break;
    return false;
}

// The same where names cannot be exchanged, or there is no old file: the name is nobody's for a moment.
bool Replacement::take_back_in_steps() {
    const int directory = place_.directory.get();
    const std::string aside = replaced_name(text("new-", place_.name), ::getpid());
    if (::renameat(directory, place_.name.c_str(), directory, aside.c_str()) != 0) {
        if (errno == ENOENT) return false; // it has just gone
        fail("rename", place_.name);
    }
    if (!is_ours(aside)) {
        rename_or_remove(directory, aside, place_.name);
        return false;
    }
    if (!kept_.empty()) rename_or_remove(directory, std::exchange(kept_, {}), place_.name);
    make_partial_of(aside);
    return true;
}

// Another upload of the same name may have begun: then these bytes are of no use to anybody.
void Replacement::make_partial_of(const std::string& name) {
    if (rename_if_free(place_.directory.get(), name, partial_) != Renamed::done)
        remove_in(place_.directory.get(), name);
}

} // namespace ftpd
