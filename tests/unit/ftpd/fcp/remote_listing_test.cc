// SPDX-License-Identifier: ISC
// What fcp makes of the names and facts that a server sends.
#include "ftpd/fcp/remote_listing.hh"

#include "common/errors.hh"

#include <doctest/doctest.h>

using namespace std::string_literals;
using ftpd::is_plain_name;
using ftpd::parse_remote_entry;
using ftpd::RemoteEntry;
using ftpd::RemoteListing;
using ftpd::understand_listing;
using Kind = RemoteListing::Kind;
using Type = RemoteEntry::Type;

namespace {

RemoteListing listing(std::string_view path, const std::vector<std::string>& names) {
    std::vector<RemoteEntry> entries;
    for (const std::string& name : names) entries.push_back(parse_remote_entry("type=file; " + name));
    return understand_listing(path, std::move(entries));
}

std::string names_of(const RemoteListing& listing) {
    std::string names;
    for (const RemoteEntry& entry : listing.entries) names += entry.name + '|';
    return names;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a line of facts is an entry with its name as it is") {
        const RemoteEntry entry = parse_remote_entry(
            "type=file;size=5;modify=20261121072600;perm=r;unique=1g2;UNIX.mode=0640;  a\nb ");
        CHECK(entry.type == Type::file);
        CHECK(entry.name == " a\nb ");
        CHECK(entry.size == 5);
        CHECK(entry.modified == 1795245960);
        CHECK(entry.mode == 0640);
        CHECK(entry.unique == "1g2");
        CHECK(parse_remote_entry("Type=DIR; x").type == Type::folder);
        CHECK(parse_remote_entry("unix.MODE=04755; x").mode == 0755);
    }

    TEST_CASE("facts that are missing or make no sense are not known") {
        for (const char* const facts :
             {" x", "size=-1;modify=yesterday;UNIX.mode=9; x", ";;=;size; x", "type=; x", "type; x"}) {
            const RemoteEntry entry = parse_remote_entry(facts);
            CHECK(entry.type == Type::unknown);
            CHECK(!entry.size);
            CHECK(!entry.modified);
            CHECK(!entry.mode);
            CHECK(entry.name == "x");
        }
        CHECK_THROWS_AS(parse_remote_entry("type=file;x"), common::PeerError);
    }

    TEST_CASE("a link is one in the words of any server") {
        for (const char* const facts :
             {"type=OS.unix=slink:../a/b; x", "type=OS.unix=slink:; x", "Type=os.UNIX=slink; x",
              "type=OS.unix=symlink; x", "type=OS.unix=slink:type=dir; x"})
            CHECK(parse_remote_entry(facts).type == Type::link);
        CHECK(parse_remote_entry("type=OS.unix=symlink;size=7; x").size == 7);
        for (const char* const facts : {"type=OS.unix=special; x", "type=OS.unix=slinky; x", "type=files; x"})
            CHECK(parse_remote_entry(facts).type == Type::other);
        for (const char* const facts : {"type=cdir; .", "type=pdir; .."})
            CHECK(parse_remote_entry(facts).type == Type::folder);
    }

    TEST_CASE("a plain name leads nowhere else") {
        for (const char* const name : {"a", "...", "-", " ", "a\nb", "\\", "..a"}) CHECK(is_plain_name(name));
        for (const std::string& name : {""s, "."s, ".."s, "/"s, "/etc"s, "a/b"s, "../a"s, "a\0b"s})
            CHECK(!is_plain_name(name));
    }

    TEST_CASE("a listing is of a folder or of the one file or of what matches") {
        CHECK(listing("a", {".", "b", "c"}).kind == Kind::folder);
        CHECK(names_of(listing("a", {".", "b", "c"})) == "b|c|");
        CHECK(listing("a/b", {"b"}).kind == Kind::file);
        CHECK(listing("a/b", {"b"}).self.name == "b");
        CHECK(listing("a/*.c", {"x.c", "y.c"}).kind == Kind::pattern);
        CHECK(names_of(listing("a/*.c", {"x.c", "y.c"})) == "x.c|y.c|");
        CHECK(listing("*", {"*"}).kind == Kind::file);
    }

    TEST_CASE("names in a listing that nobody asked for are left out") {
        const RemoteListing folder = listing("a", {".", "b", "../c", "", "..", ".", "/d", "e/f"});
        CHECK(names_of(folder) == "b|");
        CHECK(folder.left_out == 6);
        CHECK(listing("a", {"b"}).entries.empty());
        CHECK(listing("a", {"b"}).left_out == 1);
        CHECK(names_of(listing("*.c", {"x.c", ".bashrc", ".c", "x.h", "../y.c"})) == "x.c|");
    }
}
