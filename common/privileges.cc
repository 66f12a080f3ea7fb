// SPDX-License-Identifier: ISC
#include "common/privileges.hh"

#include "common/aside.hh"
#include "common/child_rights.hh"
#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace common {
namespace {

// Aside, since a static program that does not find the name in the system's file may die of the libraries
// that look further (nsswitch.conf(5)). Empty: there is nobody of that name here.
std::string look_up(const std::function<std::string()>& question) {
    try {
        return ask_aside(question);
    } catch (const UserError&) {
        return {};
    }
}

std::vector<gid_t> own_groups() {
    std::vector<gid_t> groups(
        static_cast<std::size_t>(checked("getgroups", {}, [] { return ::getgroups(0, nullptr); })));
    groups.resize(static_cast<std::size_t>(checked(
        "getgroups", {}, [&] { return ::getgroups(static_cast<int>(groups.size()), groups.data()); })));
    return groups;
}

} // namespace

Identity find_user(std::string_view name, std::string_view directive) {
    const std::string wanted{name};
    const std::string found = look_up([&]() -> std::string {
        const passwd* const entry = ::getpwnam(wanted.c_str());
        return entry == nullptr ? "" : text(entry->pw_uid, ' ', entry->pw_gid);
    });
    const std::size_t blank = std::min(found.find(' '), found.size());
    const auto uid = parse_number<uid_t>(std::string_view{found}.substr(0, blank));
    const auto gid = parse_number<gid_t>(std::string_view{found}.substr(std::min(blank + 1, found.size())));
    if (!uid || !gid)
        throw UserError(
            text(directive, ' ', escape(wanted, 64), ": there is no such user; create it or name another"));
    if (*uid == 0 || *gid == 0)
        throw UserError(text(directive, ' ', wanted, ": this user has root's rights; name an ordinary user"));
    return {*uid, *gid, wanted};
}

std::string name_of_user(uid_t user) {
    const std::string name = look_up([&]() -> std::string {
        const passwd* const entry = ::getpwuid(user);
        return entry == nullptr ? "" : entry->pw_name;
    });
    return name.empty() ? text(user) : name;
}

Fd open_readable(std::string_view verb, const std::string& path, int flags) {
    Fd file{retry([&] { return ::open(path.c_str(), flags | O_RDONLY | O_CLOEXEC); })};
    if (file) return file;
    const int error = errno;
    if (error == EACCES)
        throw UserError(text("user ", name_of_user(::geteuid()), " may not read ", path,
                             ": do this as its owner, or let a group of that user's read it (chgrp GROUP ",
                             path, "; chmod 640 ", path, ')'));
    fail_with(error, verb, path);
}

gid_t find_group(std::string_view name, std::string_view directive) {
    const std::string wanted{name};
    const auto gid = parse_number<gid_t>(look_up([&]() -> std::string {
        const group* const entry = ::getgrnam(wanted.c_str());
        return entry == nullptr ? "" : text(entry->gr_gid);
    }));
    if (!gid)
        throw UserError(
            text(directive, ' ', escape(wanted, 64), ": there is no such group; create it or name another"));
    return *gid;
}

bool is_member(gid_t group) {
    const std::vector<gid_t> groups = own_groups();
    return ::getegid() == group || std::ranges::find(groups, group) != groups.end();
}

void enter_root(int directory) {
    if (::geteuid() != 0) { // the right to chroot is not one to enter what is another's
        struct stat found {};
        checked("look at", "the root", [&] { return ::fstat(directory, &found); });
        checked("seteuid", {}, [&] { return ::seteuid(found.st_uid); });
    }
    checked("fchdir", {}, [&] { return ::fchdir(directory); });
    checked("chroot", {}, [] { return ::chroot("."); });
    checked("chdir", "/", [] { return ::chdir("/"); });
}

void become(const Identity& identity) {
    // The user last: it takes away the right to change the others.
    checked("setgroups", identity.name, [&] { return ::setgroups(1, &identity.gid); });
    checked("setgid", identity.name, [&] { return ::setgid(identity.gid); });
    checked("setuid", identity.name, [&] { return ::setuid(identity.uid); });
    give_up_childrens_rights();

    const bool is_user = ::getuid() == identity.uid && ::geteuid() == identity.uid;
    const bool is_group = ::getgid() == identity.gid && ::getegid() == identity.gid;
    const bool is_final = ::setuid(0) == -1 && ::seteuid(0) == -1 && ::setgid(0) == -1 && ::setegid(0) == -1;
    if (!is_user || !is_group || !is_final)
        throw std::logic_error{"root's rights were not given up for good as " + identity.name};
}

void act_as(const Identity& identity, const std::function<void()>& work) {
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    const std::vector<gid_t> groups = own_groups();
    std::exception_ptr failure;
    try {
        checked("setgroups", identity.name, [&] { return ::setgroups(1, &identity.gid); });
        checked("setegid", identity.name, [&] { return ::setegid(identity.gid); });
        checked("seteuid", identity.name, [&] { return ::seteuid(identity.uid); });
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    // The user first, who may then change the others.
    checked("seteuid", {}, [&] { return ::seteuid(user); });
    checked("setegid", {}, [&] { return ::setegid(group); });
    checked("setgroups", {}, [&] { return ::setgroups(groups.size(), groups.data()); });
    if (failure) std::rethrow_exception(failure);
}

} // namespace common
