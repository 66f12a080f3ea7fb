// SPDX-License-Identifier: ISC
#include "ftpd/session/selection.hh"

#include "common/text.hh"
#include "ftpd/path.hh"
#include "ftpd/session/refusal.hh"

#include <algorithm>
#include <cerrno>
#include <fnmatch.h>
#include <system_error>

namespace ftpd {
namespace {

std::string directory_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == 0 ? "/" : std::string{path.substr(0, slash)};
}

} // namespace

Selection::Selection(const Tree& tree, std::string path)
    : tree_(tree), path_(std::move(path)), kind_(Kind::directory) {
    try {
        tree_.entry(path_); // a link that leads nowhere is there, too
        if (!S_ISDIR(tree_.status(path_).st_mode)) kind_ = Kind::file;
    } catch (const std::system_error& error) {
        const std::string_view name = last_component(path_);
        if (error.code().value() != ENOENT || name.find_first_of("*?[") == name.npos) throw;
        if (static_cast<std::size_t>(std::ranges::count(name, '*')) > most_stars)
            throw Refusal{501, common::text("A pattern may have ", most_stars, " stars.")};
        kind_ = Kind::pattern;
    }
    // Refused now, and not in the middle of an answer.
    if (kind_ != Kind::file) tree_.open_directory(folder());
}

std::string Selection::folder() const { return kind_ == Kind::directory ? path_ : directory_of(path_); }

void Selection::list(const std::function<void(const std::vector<Entry>&)>& on_batch) const {
    if (is_file()) return on_batch({tree_.entry(path_)});
    if (!is_pattern()) return tree_.list(path_, on_batch);
    const std::string pattern{last_component(path_)};
    tree_.list(folder(), [&](const std::vector<Entry>& entries) {
        std::vector<Entry> matching;
        for (const Entry& entry : entries)
            if (::fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PERIOD) == 0) matching.push_back(entry);
        on_batch(matching);
    });
}

} // namespace ftpd
