// SPDX-License-Identifier: ISC
// How an entry of a directory is written for LIST (as ls -l, for people and old clients), for NLST, and for
// MLSD and MLST (RFC 3659, section 7). Text from values; nothing here looks at the file system. Times are
// UTC.
#pragma once

#include "ftpd/access.hh"
#include "ftpd/session/tree.hh"

#include <array>
#include <bitset>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace ftpd {

// "-rw-r--r--   1 1000 1000     1234 Nov 21 07:26 README.txt"; the year in place of the time for what is six
// months away from now or more. To a person names are shown with `?' for what disturbs a terminal's line; a
// program, which asks for a file by the name that it has read, gets their bytes.
enum class Reader { person, program };
std::string format_long(const Entry& entry, std::time_t now, Reader reader);

// The entries of a listing of which nothing but the name is known, which it must not pass over in silence.
class UnknownEntries {
public:
    void count(int error);
    bool any() const { return count_ > 0; }
    // "2 entries could not be looked at: Permission denied"
    std::string shown() const;

private:
    std::size_t count_ = 0;
    int error_ = 0; // of the first
};

enum class Fact { type, size, modify, perm, unique, unix_mode, unix_owner, unix_group };
inline constexpr std::array<std::string_view, 8> fact_names{
    "type", "size", "modify", "perm", "unique", "UNIX.mode", "UNIX.owner", "UNIX.group"}; // by Fact
using Facts = std::bitset<fact_names.size()>; // those that a client wants (OPTS MLST)
// What a listing must know of each entry to state them.
Detail detail_for(const Facts& wanted);

// "type=file;size=1234;modify=20261121072600;perm=r;unique=fd00g1a2b;UNIX.mode=0644;
// UNIX.owner=1000;UNIX.group=1000; NAME". A symbolic link
// has the type OS.unix=slink:TARGET (RFC 3659, section 7.7.4), or OS.unix=symlink where the target holds what
// may not stand in a fact: whoever removes a tree must not go on behind a link. target: the status of what
// the name leads to in the end, which is the entry's own where it is no link, or one that leads nowhere. If
// that is a regular file, size, modify and UNIX's facts are its own, since RETR gives its bytes; perm is what
// works under the name. Of an entry that could not be looked at no fact is known, and none is stated.
std::string format_facts(const Entry& entry, const struct stat& target, Rights rights, const Facts& wanted);
void append_facts(std::string& line, const Entry& entry, const struct stat& target, Rights rights,
                  const Facts& wanted);

// Of "type;size;": names in any case, each followed by a semicolon; those that nobody knows are left out, as
// RFC 3659, section 7.9, has it. No value for what can be no fact's name (section 7.2), as a blank in it.
std::optional<Facts> parse_facts(std::string_view list);
// The reverse; with all, every name there is and a `*' after those wanted, as FEAT has them (section 7.8).
std::string format_fact_names(const Facts& wanted, bool all = false);

} // namespace ftpd
