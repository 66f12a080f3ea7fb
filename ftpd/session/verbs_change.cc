// SPDX-License-Identifier: ISC
// Verbs that change names and times in the tree, and no file's bytes. Run by the session.
#include "ftpd/session/verbs.hh"

#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"
#include "ftpd/session/session.hh"
#include "ftpd/session/upload.hh"
#include "ftpd/time_stamp.hh"

#include <system_error>
#include <utility>

using namespace common;

namespace ftpd {

void do_dele(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    try {
        s.tree.remove_file(path);
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT || !remove_partial(s.tree, path)) throw;
        return s.control.reply(250, text("The unfinished upload of ", escape(path), " is deleted."));
    }
    s.log(Severity::notice, text("delete ", escape(s.path_from_root(path))));
    s.control.reply(250, text(escape(path), " is deleted."));
}

void do_mkd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.make_directory(path);
    s.control.reply(257, quote_path(path) + " is made.");
}

void do_rmd(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.remove_directory(path);
    s.control.reply(250, text(escape(path), " is removed."));
}

void do_rnfr(Session& s, const std::string& argument) {
    const std::string path = s.resolve(argument);
    s.tree.entry(path); // must be there
    s.memory.renamed = path;
    s.reply(350, text("What shall be the name of ", escape(path), '?'), "Type RNTO and the new name.");
}

void do_rnto(Session& s, const std::string& argument) {
    const std::optional<std::string> from = std::exchange(s.memory.renamed, {});
    if (!from) throw Refusal{503, "Send RNFR with the old name right before."};
    const std::string to = s.resolve(argument);
    s.tree.rename(*from, to, s.rights().has(Right::overwrite));
    s.log(Severity::notice,
          text("rename ", escape(s.path_from_root(*from)), " to ", escape(s.path_from_root(to))));
    s.control.reply(250, text(escape(*from), " is now ", escape(to), '.'));
}

void do_mfmt(Session& s, const std::string& argument) {
    const std::size_t space = argument.find(' ');
    const auto when = parse_time(std::string_view{argument}.substr(0, space));
    if (!when || space == argument.npos || space + 1 == argument.size())
        throw Refusal{501, "MFMT takes a time in UTC and a path: MFMT 20261121072600 notes.txt"};
    const std::string name = argument.substr(space + 1);
    do_explained(name, [&] { s.tree.set_modification_time(s.resolve(name), *when); });
    s.control.reply(213, text("Modify=", format_time(*when), "; ", name));
}

} // namespace ftpd
