// SPDX-License-Identifier: ISC
#include "ftpd/formats.hh"
#include "ftpd/session/listing.hh"

#include <cerrno>
#include <cstdlib>
#include <doctest/doctest.h>
#include <limits>

using namespace ftpd;

namespace {

constexpr std::time_t day = 86400;
constexpr std::time_t now = 1'795'249'570;        // Sat Nov 21 08:26:10 UTC 2026
constexpr std::time_t half_a_year = 31556952 / 2; // as ls(1) counts

Entry make(mode_t mode, std::string name = "x", std::time_t when = now) {
    Entry entry{};
    entry.name = std::move(name);
    entry.status.st_mode = mode;
    entry.status.st_nlink = 1;
    entry.status.st_uid = 1000;
    entry.status.st_gid = 100;
    entry.status.st_size = 1234;
    entry.status.st_mtime = when;
    entry.status.st_dev = 0xfd00;
    entry.status.st_ino = 0x1a2b;
    return entry;
}

std::string modes(mode_t mode) { return format_long(make(mode), now, Reader::person).substr(0, 10); }

std::string date_at(std::time_t when) {
    const std::string line = format_long(make(S_IFREG, "x", when), now, Reader::person);
    return line.substr(line.size() - 14, 12);
}

std::string facts(mode_t mode, Rights rights) {
    const Entry entry = make(mode, "a b");
    return format_facts(entry, entry.status, rights, Facts{}.set());
}

std::string perm(mode_t mode, Rights rights) {
    const std::string all = facts(mode, rights);
    const std::size_t from = all.find("perm=") + 5;
    return all.substr(from, all.find(';', from) - from);
}

constexpr Rights everything{Right::list,   Right::read,           Right::create, Right::overwrite,
                            Right::remove, Right::make_directory, Right::rename};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("listing: a long line is as ls -l writes it") {
        CHECK(format_long(make(S_IFREG | 0644, "README.txt", 1'795'245'960), now, Reader::person) ==
              "-rw-r--r--   1 1000  100         1234 Nov 21 07:26 README.txt");
        Entry link = make(S_IFLNK | 0777, "l");
        link.link_target = "../a b";
        CHECK(format_long(link, now, Reader::person) ==
              "lrwxrwxrwx   1 1000  100         1234 Nov 21 08:26 l -> ../a b");
        Entry large = make(S_IFREG | 0600, "big");
        large.status.st_size = std::numeric_limits<off_t>::max();
        large.status.st_nlink = std::numeric_limits<nlink_t>::max();
        large.status.st_uid = std::numeric_limits<uid_t>::max() - 1;
        large.status.st_gid = std::numeric_limits<gid_t>::max() - 1;
        const std::string line = format_long(large, now, Reader::person);
        CHECK(line.find(" " + std::to_string(std::numeric_limits<off_t>::max()) + " Nov 21 08:26 big") !=
              std::string::npos);
    }

    TEST_CASE("listing: types and special modes have their letters") {
        CHECK(modes(S_IFREG) == "----------");
        CHECK(modes(S_IFDIR | 0755) == "drwxr-xr-x");
        CHECK(modes(S_IFLNK | 0777) == "lrwxrwxrwx");
        CHECK(modes(S_IFIFO | 0421) == "pr---w---x");
        CHECK(modes(S_IFSOCK | 0666) == "srw-rw-rw-");
        CHECK(modes(S_IFCHR | 0600) == "crw-------");
        CHECK(modes(S_IFBLK | 0600) == "brw-------");
        CHECK(modes(S_IFREG | 07777) == "-rwsrwsrwt");
        CHECK(modes(S_IFREG | 07000) == "---S--S--T");
        CHECK(modes(S_IFDIR | 01777) == "drwxrwxrwt");
    }

    TEST_CASE("listing: a date six months away has its year in place of the time") {
        CHECK(date_at(now) == "Nov 21 08:26");
        CHECK(date_at(now - half_a_year + 1).find(':') != std::string::npos);
        CHECK(date_at(now - half_a_year) == "May 22  2026");
        CHECK(date_at(now + 1) == "Nov 21  2026"); // not yet: a clock is wrong
        CHECK(date_at(0) == "Jan  1  1970");
        CHECK(date_at(-day) == "Dec 31  1969");
        CHECK(date_at(now - 17 * day) == "Nov  4 08:26");
    }

    TEST_CASE("listing: dates that no calendar knows do no harm") {
        using Limits = std::numeric_limits<std::time_t>;
        CHECK(date_at(Limits::max()) == "Dec 31  9999");
        CHECK(date_at(Limits::min()) == "Jan  1     1");
        CHECK(format_timestamp(Limits::max()) == "99991231235959");
        CHECK(format_timestamp(Limits::min()) == "00010101000000");
    }

    TEST_CASE("listing: times are UTC wherever the server stands") {
        ::setenv("TZ", "XYZ-5:30", 1);
        ::tzset();
        CHECK(format_timestamp(now) == "20261121082610");
        CHECK(format_timestamp(951'782'400) == "20000229000000");
        CHECK(format_timestamp(-1) == "19691231235959");
        CHECK(date_at(now) == "Nov 21 08:26");
    }

    TEST_CASE("listing: in a long line what would disturb it becomes a question mark") {
        const auto shown = [](const std::string& name) {
            const std::string line = format_long(make(S_IFREG, name), now, Reader::person);
            return line.substr(line.find("08:26 ") + 6);
        };
        CHECK(shown("plain name") == "plain name");
        CHECK(shown("h\xc3\xa4user\\\"*") == "h\xc3\xa4user\\\"*");
        CHECK(shown("a\nb\rc\x1b[2J\x7f") == "a?b?c?[2J?");
        CHECK(shown("\xff\xc3(") == std::string(2, '?') + "(");
        CHECK(shown("\xe2\x80\xae\xc2\x9b") == "??"); // one for each character
        Entry link = make(S_IFLNK, "l");
        link.link_target = "a\nb";
        CHECK(format_long(link, now, Reader::person).find("l -> a?b") != std::string::npos);
    }

    TEST_CASE("listing: a program gets the bytes of names in a long line") {
        Entry link = make(S_IFLNK | 0777, "a\tb\xff\xe2\x80\xae");
        link.link_target = "\x1b[2J\xfe";
        CHECK(format_long(link, now, Reader::program).ends_with(" a\tb\xff\xe2\x80\xae -> \x1b[2J\xfe"));
    }

    TEST_CASE("listing: facts are those of RFC 3659") {
        CHECK(facts(S_IFREG | 0644, {Right::list, Right::read}) ==
              "type=file;size=1234;modify=20261121082610;perm=r;unique=fd00g1a2b;UNIX.mode=0644;UNIX.owner="
              "1000;UNIX.group=100; a b");
        CHECK(facts(S_IFDIR | 01777, {}) == "type=dir;modify=20261121082610;perm=e;unique=fd00g1a2b;UNIX."
                                            "mode=1777;UNIX.owner=1000;UNIX.group=100; a b");
        CHECK(facts(S_IFIFO | 0600, everything) ==
              "type=OS.unix=special;modify=20261121082610;perm=df;unique=fd00g1a2b;UNIX.mode=0600;UNIX.owner="
              "1000;UNIX.group=100; a b");
    }

    TEST_CASE("listing: a link is of a type of its own which names its target where a fact may hold that") {
        const Facts all = Facts{}.set();
        Entry link = make(S_IFLNK | 0777, "l");
        link.link_target = "../a,b=c!d(e)";
        struct stat file = make(S_IFREG | 0640, "", now - day).status;
        file.st_size = 99;
        file.st_ino = 7;
        file.st_uid = 5;
        CHECK(format_facts(link, file, everything, all) ==
              "type=OS.unix=slink:../a,b=c!d(e);size=99;modify=20261120082610;perm=dfarw;unique=fd00g1a2b;"
              "UNIX.mode=0640;UNIX.owner=5;UNIX.group=100; l");
        const struct stat folder = make(S_IFDIR | 0755, "", now - day).status;
        CHECK(format_facts(link, folder, everything, all) ==
              "type=OS.unix=slink:../a,b=c!d(e);modify=20261121082610;perm=ecdpflm;unique=fd00g1a2b;"
              "UNIX.mode=0777;UNIX.owner=1000;UNIX.group=100; l");
        CHECK(format_facts(link, link.status, everything, all) == // it leads nowhere
              "type=OS.unix=slink:../a,b=c!d(e);modify=20261121082610;perm=df;unique=fd00g1a2b;"
              "UNIX.mode=0777;UNIX.owner=1000;UNIX.group=100; l");
        for (const std::string target :
             {"", "a b", "a;size=1", "a\nb", "gr\xc3\xbc\xc3\x9f", "a*", "~x", "a\tb"}) {
            CAPTURE(target);
            link.link_target = target;
            CHECK(format_facts(link, file, {}, *parse_facts("type;")) == "type=OS.unix=symlink; l");
        }
    }

    TEST_CASE("listing: of what could not be looked at the name is all that is said and how many there are") {
        Entry entry = make(0, "a b");
        entry.unknown = EACCES;
        CHECK(format_facts(entry, entry.status, everything, Facts{}.set()) == " a b");
        UnknownEntries unknown;
        CHECK_FALSE(unknown.any());
        unknown.count(EACCES);
        CHECK(unknown.shown() == "1 entry could not be looked at: Permission denied");
        for (int i = 0; i < 2; ++i) unknown.count(EIO);
        CHECK(unknown.shown() == "3 entries could not be looked at: Permission denied");
    }

    TEST_CASE("listing: a client gets the facts it has asked for and no others") {
        const Entry entry = make(S_IFREG | 0644, "a b");
        const auto shown = [&](std::string_view list) {
            return format_facts(entry, entry.status, {}, *parse_facts(list));
        };
        CHECK(shown("type;size;") == "type=file;size=1234; a b");
        CHECK(shown("SIZE;Type;") == "type=file;size=1234; a b"); // our order, and any case
        CHECK(shown("size;bogus;sizes;") == "size=1234; a b");
        CHECK(shown("unix.mode") == "UNIX.mode=0644; a b");
        CHECK(shown("UNIX.group;unix.owner;") == "UNIX.owner=1000;UNIX.group=100; a b");
        CHECK(shown("") == " a b");
        CHECK(shown(";;;") == " a b");
        CHECK(format_fact_names(*parse_facts("perm;type;")) == "type;perm;");
        for (const char* const list : {"type;", "perm;type;", ""})
            CHECK(detail_for(*parse_facts(list)) == Detail::types);
        for (const char* const list : {"type;size;", "modify;", "unique;", "unix.mode;"})
            CHECK(detail_for(*parse_facts(list)) == Detail::all);
        CHECK(format_fact_names(*parse_facts("perm;type;"), true) ==
              "type*;size;modify;perm*;unique;UNIX.mode;UNIX.owner;UNIX.group;");
        CHECK(format_fact_names(Facts{}) == "");
        for (const char* const wrong : {"type ;", "type; size;", " ", "a\tb;", "type;\xc3\xa4;"})
            CHECK_FALSE(parse_facts(wrong));
    }

    TEST_CASE("listing: the letters of perm say what the client may do") {
        CHECK(perm(S_IFREG, everything) == "dfarw");
        CHECK(perm(S_IFREG, {Right::list, Right::read}) == "r");
        CHECK(perm(S_IFREG, {Right::create}) == "");
        CHECK(perm(S_IFREG, {Right::overwrite}) == "aw");
        CHECK(perm(S_IFDIR, everything) == "ecdpflm");
        CHECK(perm(S_IFDIR, {Right::list, Right::read}) == "el");
        CHECK(perm(S_IFDIR, {Right::create}) == "ec");
        CHECK(perm(S_IFDIR, {}) == "e");
        CHECK(perm(S_IFSOCK, {Right::read, Right::overwrite}) == "");
    }
}
