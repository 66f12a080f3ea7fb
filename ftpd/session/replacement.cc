// SPDX-License-Identifier: ISC
#include "ftpd/session/replacement.hh"

#include "common/errors.hh"
#include "common/rename.hh"
#include "ftpd/path.hh"

#include <fcntl.h>
#include <system_error>
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

} // namespace

Replacement::Replacement(Place& place, std::string partial, const struct stat& written, Over over)
    : partial_(std::move(partial)), written_(written) {
    const Renamed renamed =
        over == Over::a_file ? Renamed::taken : rename_if_free(place.directory.get(), partial_, place.name);
    if (renamed != Renamed::done && over == Over::never_else)
        fail_with(renamed == Renamed::taken ? EEXIST : EPERM, "create", place.name);
    if (renamed == Renamed::taken)
        keep_and_replace(place);
    else {
        if (renamed == Renamed::unsupported) rename_in(place.directory.get(), partial_, place.name);
        is_revocable_ = true;
    }
    place_ = std::move(place);
}

// The new file goes by way of the name under which the old one is kept: under the partial's name, another
// session could take the old one for an upload that it may continue.
void Replacement::keep_and_replace(const Place& place) {
    const int directory = place.directory.get();
    struct stat old {};
    // If it is a directory by now: two names could be exchanged, but that would hide all that is in it.
    if (::fstatat(directory, place.name.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(old.st_mode))
        fail_with(EISDIR, "replace", place.name);
    const std::string kept = replaced_name(place.name, ::getpid());
    rename_in(directory, partial_, kept);
    Renamed exchanged{};
    try {
        exchanged = exchange_names(directory, kept, place.name);
    } catch (const std::system_error& error) {
        const bool is_free = error.code().value() == ENOENT; // the old one has just gone
        rename_in(directory, kept, is_free ? place.name : partial_);
        if (!is_free) throw;
        is_revocable_ = true;
        return;
    }
    if (exchanged != Renamed::done) {
        rename_in(directory, kept, partial_);
        return keep_by_link(place);
    }
    kept_ = kept;
    is_revocable_ = true;
}

void Replacement::keep_by_link(const Place& place) {
    const int directory = place.directory.get();
    const std::string kept = replaced_name(place.name, ::getpid());
    remove_in(directory, kept); // what a process of the same number has left
    const bool is_kept = ::linkat(directory, place.name.c_str(), directory, kept.c_str(), 0) == 0;
    is_revocable_ = is_kept || errno == ENOENT;
    try {
        rename_in(directory, partial_, place.name);
    } catch (const std::system_error&) {
        if (is_kept) remove_in(directory, kept);
        throw;
    }
    if (is_kept) kept_ = kept;
}

void Replacement::settle() {
    is_revocable_ = false;
    if (!kept_.empty()) remove_in(place_.directory.get(), std::exchange(kept_, {}));
}

bool Replacement::take_back() {
    const bool done =
        is_revocable_ && is_ours(place_.name) && (kept_.empty() ? take_back_new() : take_back_old());
    if (!done) settle();
    is_revocable_ = false;
    return done;
}

bool Replacement::is_ours(const std::string& name) const {
    struct stat found {};
    return ::fstatat(place_.directory.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0 &&
           found.st_dev == written_.st_dev && found.st_ino == written_.st_ino &&
           found.st_size == written_.st_size && is_same_time(found.st_mtim, written_.st_mtim);
}

// Somebody may do something to the name between a look at it and what we do: what turns out not to be ours is
// put back.
bool Replacement::take_back_new() {
    const int directory = place_.directory.get();
    const std::string aside = replaced_name(place_.name, ::getpid());
    rename_in(directory, place_.name, aside);
    if (!is_ours(aside)) {
        rename_if_free(directory, aside, place_.name);
        return false;
    }
    make_partial_of(aside);
    return true;
}

bool Replacement::take_back_old() {
    const int directory = place_.directory.get();
    if (exchange_names(directory, kept_, place_.name) != Renamed::done) {
        rename_if_free_by_link(directory, place_.name, partial_);
        rename_in(directory, kept_, place_.name);
        kept_.clear();
        return true;
    }
    if (!is_ours(kept_)) {
        exchange_names(directory, kept_, place_.name);
        return false;
    }
    make_partial_of(std::exchange(kept_, {}));
    return true;
}

// Another upload of the same name may have begun: then these bytes are of no use to anybody.
void Replacement::make_partial_of(const std::string& name) {
    if (rename_if_free(place_.directory.get(), name, partial_) != Renamed::done)
        remove_in(place_.directory.get(), name);
}

} // namespace ftpd
