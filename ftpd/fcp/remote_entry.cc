// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_entry.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/formats.hh"

using namespace common;

namespace ftpd {
namespace {

void take_fact(RemoteEntry& entry, std::string_view name, std::string_view value) {
    using Type = RemoteEntry::Type;
    if (equal_ignoring_case(name, "type")) {
        if (equal_ignoring_case(value, "file")) entry.type = Type::file;
        if (equal_ignoring_case(value, "dir")) entry.type = Type::folder;
    } else if (equal_ignoring_case(name, "size")) {
        entry.size = parse_number<std::uint64_t>(value).value_or(0);
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
    if (space == line.npos) throw PeerError(text("the server lists what is no entry: ", escape(line, 64)));
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

} // namespace ftpd
