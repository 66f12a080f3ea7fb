// SPDX-License-Identifier: ISC
// SITE and the verbs that stand only behind it, since no RFC has them (RFC 1123, section 4.1.2.8). Run by the
// session.
#include "ftpd/session/verbs.hh"

#include "common/cksum.hh"
#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/command.hh"
#include "ftpd/mode.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/time_stamp.hh"

#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace common;

namespace ftpd {
namespace {

constexpr std::size_t buffer_size = 256 * 1024; // bytes

// The word behind the last blank, which goes with it.
std::string_view cut_last_word(std::string_view& rest) {
    const std::size_t blank = rest.rfind(' ');
    if (blank == rest.npos) return std::exchange(rest, {});
    const std::string_view word = rest.substr(blank + 1);
    rest = rest.substr(0, blank);
    return word;
}

// The file, or, as SIZE has it, what is there of its upload for those who may continue that.
OpenFile open_to_sum(const Session& s, const std::string& path) {
    try {
        return s.tree.open_file(path);
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT || !s.rights().has(Right::create)) throw;
        if (std::optional<OpenFile> partial = open_partial(s.tree, path)) return *std::move(partial);
        throw;
    }
}

} // namespace

void do_site(Session& s, const std::string& argument) {
    const Command command = parse_command(argument);
    const Verb* verb = find_verb("SITE " + command.verb);
    if (verb == nullptr) verb = find_verb(command.verb);
    if (verb == nullptr || (verb->login != Login::in_band && verb->name.substr(0, 5) != "SITE "))
        throw Refusal{501, text("SITE has no verb ", escape(command.verb, 32), ": SITE HELP lists them.")};
    s.run_verb(*verb, command.argument);
}

void do_site_chmod(Session& s, const std::string& argument) {
    const Command words = parse_command(argument); // its first word is digits
    const std::optional<mode_t> mode = parse_mode(words.verb);
    if (!mode || words.argument.empty())
        throw Refusal{501, "SITE CHMOD takes a mode of 000 to 777 and a path: SITE CHMOD 644 notes.txt"};
    const std::string path = s.resolve(words.argument);
    do_explained(words.argument, [&] { s.tree.change_mode(path, *mode); });
    s.log(Severity::notice, text("chmod ", format_mode(*mode), ' ', escape(s.path_from_root(path))));
    s.control.reply(200, text("The mode of ", escape(path), " is ", format_mode(*mode), '.'));
}

void do_site_umask(Session& s, const std::string& argument) {
    if (argument.empty()) {
        const mode_t mask = ::umask(0); // the one way to ask
        ::umask(mask);
        return s.control.reply(200, text("The mask is ", format_mode(mask), '.'));
    }
    const std::optional<mode_t> mask = parse_mode(argument);
    if (!mask) throw Refusal{501, "SITE UMASK takes a mask of 000 to 777: SITE UMASK 027"};
    ::umask(*mask);
    s.control.reply(200, text("The mask is ", format_mode(*mask), " from now on."));
}

// Two forms are in use: "TIME PATH", and "PATH ATIME MTIME CTIME UTC", of which MTIME counts.
void do_site_utime(Session& s, const std::string& argument) {
    std::string_view rest = argument;
    std::optional<std::time_t> when;
    if (equal_ignoring_case(cut_last_word(rest), "UTC")) {
        cut_last_word(rest); // of creation, which no system sets
        when = parse_time(cut_last_word(rest));
        cut_last_word(rest); // of the last access
    } else {
        const std::size_t space = argument.find(' ');
        when = parse_time(std::string_view{argument}.substr(0, space));
        rest = space == argument.npos ? std::string_view{} : std::string_view{argument}.substr(space + 1);
    }
    const std::string path{rest};
    if (!when || path.empty())
        throw Refusal{501, "SITE UTIME takes a time in UTC and a path: SITE UTIME 20261121072600 notes.txt"};
    do_explained(path, [&] { s.tree.set_modification_time(s.resolve(path), *when); });
    s.control.reply(200, text("The time of ", escape(path), " is ", format_time(*when), '.'));
}

void do_site_cksum(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    const OpenFile file = open_to_sum(s, path);
    s.status.begin("CKSUM", path, static_cast<std::uint64_t>(file.status.st_size));
    std::vector<char> buffer(buffer_size);
    Cksum sum;
    for (;;) {
        const auto got =
            checked("read", {}, [&] { return ::read(file.fd.get(), buffer.data(), buffer.size()); });
        if (got == 0) break;
        sum.add({buffer.data(), static_cast<std::size_t>(got)});
        s.control.look_around();
    }
    s.control.reply(213, text(sum.shown(), ' ', escape(last_component(path))));
}

} // namespace ftpd
