// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_listing.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/formats.hh"

#include <array>
#include <fnmatch.h>
#include <iterator>

using namespace common;

namespace ftpd {
namespace {

// Words of the fact `type', without what follows a colon (RFC 3659, section 7.5.1).
struct TypeWord {
    std::string_view word;
    RemoteEntry::Type type;
};
constexpr std::array type_words{
    TypeWord{"file", RemoteEntry::Type::file},          TypeWord{"dir", RemoteEntry::Type::folder},
    TypeWord{"cdir", RemoteEntry::Type::folder},        TypeWord{"pdir", RemoteEntry::Type::folder},
    TypeWord{"OS.unix=slink", RemoteEntry::Type::link}, TypeWord{"OS.unix=symlink", RemoteEntry::Type::link},
};

RemoteEntry::Type type_of(std::string_view value) {
    const std::string_view word = value.substr(0, value.find(':'));
    for (const TypeWord& known : type_words)
        if (equal_ignoring_case(known.word, word)) return known.type;
    return word.empty() ? RemoteEntry::Type::unknown : RemoteEntry::Type::other;
}

void take_fact(RemoteEntry& entry, std::string_view name, std::string_view value) {
    if (equal_ignoring_case(name, "type")) {
        entry.type = type_of(value);
    } else if (equal_ignoring_case(name, "size")) {
        entry.size = parse_number<std::uint64_t>(value);
    } else if (equal_ignoring_case(name, "modify")) {
        entry.modified = parse_timestamp(value);
    } else if (equal_ignoring_case(name, "UNIX.mode")) {
        constexpr std::size_t digits = 3;
        entry.mode = parse_mode(value.substr(value.size() - std::min(value.size(), digits)));
    } else if (equal_ignoring_case(name, "unique")) {
        entry.unique = value;
    }
}

} // namespace

RemoteEntry parse_remote_entry(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == line.npos)
        throw PeerError(text("the server lists something that is not an entry: ", escape(line, 64)));
    RemoteEntry entry;
    entry.name = line.substr(space + 1);
    for (std::string_view facts = line.substr(0, space); !facts.empty();) {
        const std::size_t end = std::min(facts.find(';'), facts.size());
        const std::string_view fact = facts.substr(0, end);
        const std::size_t equals = std::min(fact.find('='), fact.size());
        take_fact(entry, fact.substr(0, equals), fact.substr(std::min(equals + 1, fact.size())));
        facts.remove_prefix(std::min(end + 1, facts.size()));
    }
    return entry;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." &&
           name.find_first_of(std::string_view{"/\0", 2}) == name.npos;
}

std::vector<std::string> ListFolder::begin() {
    entries_.clear();
    return {path_.empty() ? "SITE MLSD" : "SITE MLSD " + path_};
}

void ListFolder::on_line(std::string_view line) {
    // A refusal of several lines comes here, too; its last says enough.
    if (line.substr(0, 1) != " ") return;
    if (entries_.size() == max_entries) throw PeerError("the server's listing does not end");
    entries_.push_back(parse_remote_entry(line.substr(1)));
}

Next ListFolder::on_reply(const Reply& reply) {
    if (reply.code == 213)
        on_listing_(understand_listing(path_, std::move(entries_)));
    else
        on_refused_(reply);
    return Next::over();
}

RemoteListing understand_listing(std::string_view path, std::vector<RemoteEntry> entries) {
    using Kind = RemoteListing::Kind;
    RemoteListing listing;
    if (!entries.empty() && entries[0].name == ".") {
        listing.kind = Kind::folder;
        listing.self = std::move(entries[0]);
        entries.erase(entries.begin());
    } else if (entries.size() == 1 && entries[0].name == name_of_copy(path)) {
        listing.self = std::move(entries[0]);
        return listing;
    } else {
        listing.kind = Kind::pattern;
    }
    const std::string pattern{name_of_copy(path)};
    for (RemoteEntry& entry : entries) {
        const bool is_asked_for =
            listing.kind == Kind::folder || ::fnmatch(pattern.c_str(), entry.name.c_str(), FNM_PERIOD) == 0;
        if (is_asked_for && is_plain_name(entry.name))
            listing.entries.push_back(std::move(entry));
        else
            ++listing.left_out;
    }
    return listing;
}

} // namespace ftpd
