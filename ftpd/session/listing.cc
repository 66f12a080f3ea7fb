// SPDX-License-Identifier: ISC
#include "ftpd/session/listing.hh"

#include "common/text.hh"
#include "ftpd/formats.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

using common::text;

namespace ftpd {
namespace {

char type_letter(mode_t mode) {
    if (S_ISDIR(mode)) return 'd';
    if (S_ISLNK(mode)) return 'l';
    if (S_ISFIFO(mode)) return 'p';
    if (S_ISSOCK(mode)) return 's';
    if (S_ISCHR(mode)) return 'c';
    if (S_ISBLK(mode)) return 'b';
    return '-';
}

std::string mode_letters(mode_t mode) {
    std::string letters{type_letter(mode)};
    constexpr std::string_view all = "rwxrwxrwx";
    for (std::size_t bit = 0; bit < all.size(); ++bit)
        letters += (mode & (0400U >> bit)) != 0 ? all[bit] : '-';
    const auto special = [&](mode_t bit, std::size_t at, char with_x, char without) {
        if ((mode & bit) != 0) letters[at] = letters[at] == 'x' ? with_x : without;
    };
    special(S_ISUID, 3, 's', 'S');
    special(S_ISGID, 6, 's', 'S');
    special(S_ISVTX, 9, 't', 'T');
    return letters;
}

std::string short_date(std::time_t when, std::time_t now) {
    // Clients read English months whatever the server speaks, so strftime's %b will not do.
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    constexpr std::time_t half_a_year = 31556952 / 2; // seconds
    const std::tm parts = in_utc(when);
    const char* const month = months[static_cast<std::size_t>(parts.tm_mon)];
    std::array<char, 32> date{};
    if (when <= now && when > now - half_a_year)
        std::snprintf(date.data(), date.size(), "%s %2d %02d:%02d", month, parts.tm_mday, parts.tm_hour,
                      parts.tm_min);
    else
        std::snprintf(date.data(), date.size(), "%s %2d  %4d", month, parts.tm_mday, parts.tm_year + 1900);
    return date.data();
}

std::string without_surprises(std::string_view name) {
    std::string shown;
    while (!name.empty()) {
        const std::size_t length = std::max<std::size_t>(common::utf8_length(name), 1);
        const std::string_view character = name.substr(0, length);
        const bool plain = character == "\\" || common::escape(character) == character;
        if (plain)
            shown += character;
        else
            shown += '?';
        name.remove_prefix(length);
    }
    return shown;
}

// What this client may do with the file, in the letters of RFC 3659, section 7.5.5.
void append_permissions(std::string& letters, mode_t mode, Rights rights) {
    const auto add = [&](Right right, std::string_view which) {
        if (rights.has(right)) letters += which;
    };
    if (S_ISDIR(mode)) {
        letters += 'e';
        add(Right::create, "c");
        add(Right::remove, "dp");
        add(Right::rename, "f");
        add(Right::list, "l");
        add(Right::make_directory, "m");
    } else {
        add(Right::remove, "d");
        add(Right::rename, "f");
        if (!S_ISREG(mode)) return; // nothing else is transferred
        add(Right::overwrite, "a");
        add(Right::read, "r");
        add(Right::overwrite, "w");
    }
}

// With zeros in front up to a width.
void append_number(std::string& out, unsigned long long value, int base, std::size_t width = 0) {
    std::array<char, 64> digits{};
    const char* const end = std::to_chars(digits.begin(), digits.end(), value, base).ptr;
    const auto length = static_cast<std::size_t>(end - digits.data());
    out.append(width - std::min(length, width), '0').append(digits.data(), length);
}

// SCHAR of RFC 3659, section 7.2.
bool may_stand_in_a_fact(std::string_view value) {
    constexpr std::string_view others = ",.:!@#$%^&()-_+?/\\'\"=";
    return std::ranges::all_of(value, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               others.find(c) != others.npos;
    });
}

void append_type(std::string& facts, const Entry& entry) {
    const mode_t mode = entry.status.st_mode;
    if (S_ISDIR(mode))
        facts += "dir";
    else if (S_ISREG(mode))
        facts += "file";
    else if (!S_ISLNK(mode))
        facts += "OS.unix=special";
    else if (entry.link_target.empty() || !may_stand_in_a_fact(entry.link_target))
        facts += "OS.unix=symlink";
    else
        facts.append("OS.unix=slink:").append(entry.link_target);
}

} // namespace

Detail detail_for(const Facts& wanted) {
    constexpr auto bit = [](Fact fact) { return 1ULL << static_cast<unsigned>(fact); };
    constexpr Facts of_types{bit(Fact::type) | bit(Fact::perm)};
    return (wanted & ~of_types).none() ? Detail::types : Detail::all;
}

std::string format_long(const Entry& entry, std::time_t now, Reader reader) {
    const struct stat& status = entry.status;
    std::array<char, 96> front{};
    std::snprintf(front.data(), front.size(), "%s %3lu %-5lu %-5lu %10lld ",
                  mode_letters(status.st_mode).c_str(), static_cast<unsigned long>(status.st_nlink),
                  static_cast<unsigned long>(status.st_uid), static_cast<unsigned long>(status.st_gid),
                  static_cast<long long>(status.st_size));
    const auto shown = [&](const std::string& name) {
        return reader == Reader::person ? without_surprises(name) : name;
    };
    std::string line = front.data() + short_date(status.st_mtime, now) + ' ' + shown(entry.name);
    if (!entry.link_target.empty()) line += " -> " + shown(entry.link_target);
    return line;
}

void UnknownEntries::count(int error) {
    if (count_++ == 0) error_ = error;
}

std::string UnknownEntries::shown() const {
    return text(count_, count_ == 1 ? " entry" : " entries",
                " could not be looked at: ", std::strerror(error_));
}

// Lists of many thousands are made of these lines, so nothing is put together elsewhere.
void append_facts(std::string& facts, const Entry& entry, const struct stat& target, Rights rights,
                  const Facts& wanted) {
    if (entry.unknown != 0) {
        (facts += ' ') += entry.name;
        return;
    }
    const struct stat& shown = S_ISREG(target.st_mode) ? target : entry.status;
    const auto add = [&](Fact fact, auto append_value) {
        const auto index = static_cast<std::size_t>(fact);
        if (!wanted[index]) return;
        facts.append(fact_names[index]) += '=';
        append_value();
        facts += ';';
    };
    add(Fact::type, [&] { append_type(facts, entry); });
    if (S_ISREG(shown.st_mode))
        add(Fact::size, [&] { append_number(facts, static_cast<unsigned long long>(shown.st_size), 10); });
    add(Fact::modify, [&] { append_timestamp(facts, shown.st_mtime); });
    add(Fact::perm, [&] { append_permissions(facts, target.st_mode, rights); });
    add(Fact::unique, [&] {
        append_number(facts, entry.status.st_dev, 16);
        facts += 'g';
        append_number(facts, entry.status.st_ino, 16);
    });
    add(Fact::unix_mode, [&] { append_number(facts, shown.st_mode & 07777, 8, 4); });
    add(Fact::unix_owner, [&] { append_number(facts, shown.st_uid, 10); });
    add(Fact::unix_group, [&] { append_number(facts, shown.st_gid, 10); });
    (facts += ' ') += entry.name;
}

std::string format_facts(const Entry& entry, const struct stat& target, Rights rights, const Facts& wanted) {
    std::string line;
    append_facts(line, entry, target, rights, wanted);
    return line;
}

std::optional<Facts> parse_facts(std::string_view list) {
    Facts wanted;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(';'), list.size());
        const std::string_view name = list.substr(0, end);
        if (!may_stand_in_a_fact(name)) return {};
        for (std::size_t i = 0; i < fact_names.size(); ++i)
            if (common::equal_ignoring_case(name, fact_names[i])) wanted.set(i);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return wanted;
}

std::string format_fact_names(const Facts& wanted, bool all) {
    std::string names;
    for (std::size_t i = 0; i < fact_names.size(); ++i)
        if (all || wanted[i]) names += text(fact_names[i], all && wanted[i] ? "*;" : ";");
    return names;
}

} // namespace ftpd
