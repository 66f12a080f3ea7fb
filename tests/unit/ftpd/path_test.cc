// SPDX-License-Identifier: ISC
#include "ftpd/access.hh"
#include "ftpd/path.hh"

#include <doctest/doctest.h>
#include <set>

using namespace ftpd;

TEST_SUITE("unit") {
    TEST_CASE("path: a file beside another is named in the same words") {
        CHECK(name_beside("new", "/a/new", "/a/new") == "new");
        CHECK(name_beside("new", "/a/new", "/a/new.1") == "new.1");
        CHECK(name_beside("../b/new", "/b/new", "/b/new.1") == "../b/new.1");
        CHECK(name_beside("/b/new", "/b/new", "/b/new.1") == "/b/new.1");
        CHECK(name_beside("b/", "/a/b", "/a/b.1") == "/a/b.1");
        CHECK(name_beside("..", "/a", "/a.1") == "/a.1");
        CHECK(name_beside("/", "/", "/.1") == "/.1");
    }

    TEST_CASE("path: in one line a name has question marks for what would end it") {
        CHECK(in_one_line("a\r\nb\n") == "a??b?");
        CHECK(in_one_line("\x1b[2J\t\xff \\") == "\x1b[2J\t\xff \\");
    }

    TEST_CASE("path: what can only mean a directory") {
        for (const char* const given : {"", ".", "..", "/", "a/", "a/.", "../..", "/a/.."}) {
            CAPTURE(given);
            CHECK(means_directory(given));
        }
        for (const char* const given : {"a", "/a", "a/b", "...", "a/.b", "a..", "a."}) {
            CAPTURE(given);
            CHECK_FALSE(means_directory(given));
        }
    }

    TEST_CASE("path: where a path leads from the working directory") {
        constexpr struct {
            std::string_view cwd, given, leads_to;
        } table[] = {
            {"/", "", "/"},
            {"/", "/", "/"},
            {"/", ".", "/"},
            {"/", "..", "/"},
            {"/", "../../../etc/passwd", "/etc/passwd"},
            {"/a/b", "", "/a/b"},
            {"/a/b", "c", "/a/b/c"},
            {"/a/b", "c/", "/a/b/c"},
            {"/a/b", "/c", "/c"},
            {"/a/b", "//c///d//", "/c/d"},
            {"/a/b", "..", "/a"},
            {"/a/b", "../", "/a"},
            {"/a/b", "../c", "/a/c"},
            {"/a/b", "../../..", "/"},
            {"/a/b", "./c/./d/.", "/a/b/c/d"},
            {"/a/b", "c/../d", "/a/b/d"},
            {"/a/b", "c/../../../../d", "/d"},
            {"/a/b", "...", "/a/b/..."},
            {"/a/b", "..c/.d/e..", "/a/b/..c/.d/e.."},
            {"/a/b", " ", "/a/b/ "},
            {"/a/b", "~", "/a/b/~"},
            {"/a/b", "*\\..\\", "/a/b/*\\..\\"},
            {"/a/b", "-la", "/a/b/-la"},
            {"/a/b", "\xff\n", "/a/b/\xff\n"},
        };
        for (const auto& row : table) {
            CAPTURE(std::string{row.cwd});
            CAPTURE(std::string{row.given});
            const std::string path = resolve_path(row.cwd, row.given);
            CHECK(path == row.leads_to);
            CHECK(resolve_path("/", path) == row.leads_to);
        }
        std::string deep;
        for (int i = 0; i < 2000; ++i) deep += "x/";
        CHECK(resolve_path("/", deep + std::string(8000, '/') + "..").size() == 2 * 1999);
    }

    TEST_CASE("path: names that begin with the reserved prefix are ours wherever they stand") {
        CHECK(is_reserved(".ftpd-x"));
        CHECK(is_reserved(".ftpd-"));
        for (const char* free : {"", ".ftpd", "ftpd-x", "x.ftpd-y", ".", "..", ".FTPD-x"}) {
            CAPTURE(free);
            CHECK_FALSE(is_reserved(free));
        }
        const NamePolicy usual;
        for (const char* taken : {"/.ftpd-x", "/a/.ftpd-x/b", "/a/b/.ftpd-"}) CHECK(usual.refuse_path(taken));
        for (const char* free : {"/", "/a/b", "/a.ftpd-x", "/.ftpd/-x"}) CHECK_FALSE(usual.refuse_path(free));
        CHECK(usual.refuse_path(resolve_path("/a", "b/.././/.ftpd-x")));
    }

    TEST_CASE("path: the name of an unfinished upload is reserved and fits for names of every length") {
        CHECK(partial_name("x") == ".ftpd-x");
        std::set<std::string> all;
        for (std::size_t length = 1; length <= 255; ++length)
            for (const char last : {'a', 'b'}) {
                const std::string partial = partial_name(std::string(length - 1, 'n') + last);
                CHECK(is_reserved(partial));
                CHECK(partial.size() <= 255);
                all.insert(partial);
            }
        CHECK(all.size() == 2 * 255); // each another
        CHECK(replaced_name("x", 812) == ".ftpd-.ftpd-812-x");
        for (const std::string& name : {std::string{"x"}, std::string(255, 'n')}) {
            CHECK(is_replaced_name(replaced_name(name, 4194304)));
            CHECK(replaced_name(name, 4194304).size() <= 255);
            CHECK_FALSE(is_replaced_name(partial_name(name)));
            CHECK_FALSE(is_replaced_name(name));
        }
        const std::string fits(255 - reserved_prefix.size(), 'n');
        CHECK(partial_name(fits) == ".ftpd-" + fits);
        CHECK(partial_name(fits + 'n') == partial_name(fits + 'n'));
        CHECK(partial_name(fits + 'n').size() < 255);
    }

    TEST_CASE("path: the last component and quotes") {
        CHECK(last_component("/") == "/");
        CHECK(last_component("/a") == "a");
        CHECK(last_component("/a/b c") == "b c");
        CHECK(quote_path("/a b") == "\"/a b\"");
        CHECK(quote_path("/\"x\"\"") == "\"/\"\"x\"\"\"\"\"");
        CHECK(quote_path("") == "\"\"");
    }
}
