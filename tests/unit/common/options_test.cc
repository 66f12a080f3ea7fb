// SPDX-License-Identifier: ISC
#include "common/errors.hh"
#include "common/options.hh"

#include <doctest/doctest.h>
#include <filesystem>

using namespace common;

namespace {

using Words = std::vector<std::string>;

// Parses with the options -a, -b, -f FILE, --how[=MODE], --at WHERE and --word; says what was set, in order,
// and the operands.
struct Parsed {
    explicit Parsed(Words words) {
        words.insert(words.begin(), "program");
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        const std::vector<Option> table{
            {'a', "", "the first", [&](auto) { set += "a "; }},
            {'f', "FILE", "a file", [&](auto file) { set += "f=" + std::string{file} + ' '; }},
            {'b', "", "another", [&](auto) { set += "b "; }},
            {'\0', "[=MODE]", "a word", [&](auto mode) { set += "how=" + std::string{mode} + ' '; }, "how"},
            {'\0', "WHERE", "another", [&](auto where) { set += "at=" + std::string{where} + ' '; }, "at"},
            {'\0', "", "a third", [&](auto) { set += "word "; }, "word"},
        };
        operands = parse_options(static_cast<int>(words.size()), argv.data(), table);
    }
    std::string set;
    Words operands;
};

std::string refusal(const Words& words) {
    try {
        return "accepted " + Parsed{words}.set;
    } catch (const UsageError& error) {
        return error.what();
    }
}

DaemonOptions daemon_parsed(Words words) {
    words.insert(words.begin(), "program");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    DaemonOptions wanted;
    parse_options(static_cast<int>(words.size()), argv.data(), daemon_options(wanted));
    return wanted;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("options: letters may stand together and arguments apart or not") {
        CHECK(Parsed{{}}.set.empty());
        CHECK(Parsed{{"-a", "-b", "-a"}}.set == "a b a ");
        CHECK(Parsed{{"-ab"}}.set == "a b ");
        CHECK(Parsed{{"-f", "x", "-b"}}.set == "f=x b ");
        CHECK(Parsed{{"-abfx", "-a"}}.set == "a b f=x a ");
        CHECK(Parsed{{"-f", ""}}.set == "f= ");
        CHECK(Parsed{{"-f", "-a"}}.set == "f=-a ");
        CHECK(Parsed{{"-f", "--", "-a"}}.set == "f=-- a ");
    }

    TEST_CASE("options: the first operand or two dashes end them") {
        CHECK(Parsed{{"-a", "x", "-b"}}.set == "a ");
        CHECK(Parsed{{"-a", "x", "-b"}}.operands == Words{"x", "-b"});
        CHECK(Parsed{{"-a", "--", "-b", "--"}}.set == "a ");
        CHECK(Parsed{{"-a", "--", "-b", "--"}}.operands == Words{"-b", "--"});
        CHECK(Parsed{{"-", "-a"}}.operands == Words{"-", "-a"});
        CHECK(Parsed{{"", "-a"}}.operands == Words{"", "-a"});
        CHECK(Parsed{{"-a", "--"}}.operands.empty());
    }

    TEST_CASE("options: an unknown one or one without its argument is wrong usage") {
        CHECK(refusal({"-x"}) == "there is no option -x: see -h");
        CHECK(refusal({"-abx"}) == "there is no option -x: see -h");
        CHECK(refusal({"--help"}) == "there is no option --help: see -h"); // this table has no -h
        CHECK(refusal({"--verbose"}) == "there is no option --verbose: see -h");
        CHECK(refusal({"--\n"}) == "there is no option --\\n: see -h");
        CHECK(refusal({"-\n"}) == "there is no option -\\n: see -h");
        CHECK(refusal({"-\xff"}) == "there is no option -\\xff: see -h");
        CHECK(refusal({"-:"}) == "there is no option -:: see -h");
        CHECK(refusal({"-f"}) == "option -f needs an argument: see -h");
        CHECK(refusal({"-abf"}) == "option -f needs an argument: see -h");
        CHECK(refusal({"-b"}) == "accepted b "); // nothing of the failed ones is left over
    }

    TEST_CASE("options: --help is -h and --version is -V and others have no word") {
        using Action = DaemonOptions::Action;
        const auto action = [](const Words& words) { return daemon_parsed(words).action; };
        CHECK(action({"--help"}) == Action::show_usage);
        CHECK(action({"-d", "--version"}) == Action::show_version);
        for (const char* const word : {"--hel", "--help=all", "--h", "--check"})
            CHECK_THROWS_AS(action({word}), UsageError);
    }

    TEST_CASE("options: a word's argument follows it or stands behind an equals sign") {
        CHECK(Parsed{{"--word", "-a", "--how", "x"}}.set == "word a how= ");
        CHECK(Parsed{{"--word", "-a", "--how", "x"}}.operands == Words{"x"});
        CHECK(Parsed{{"--how=m", "--at", "x", "--at=y=z", "--at=", "--how="}}.set ==
              "how=m at=x at=y=z at= how= ");
        CHECK(refusal({"--at"}) == "option --at needs an argument: see -h");
        CHECK(refusal({"--word=x"}) == "there is no option --word=x: see -h");
        for (const char* const word : {"--hows", "--ho", "---how", "-how", "--=m", "--at x"})
            CHECK(refusal({word}).substr(0, 18) == "there is no option");
    }

    TEST_CASE("options: no arguments at all are none") {
        char* const nothing = nullptr;
        CHECK(parse_options(0, const_cast<char**>(&nothing), {}).empty());
    }

    TEST_CASE("options: the usage lists every option with its help") {
        DaemonOptions wanted;
        const std::vector<Option> table = daemon_options(wanted);
        const std::string usage = usage_text("ftpd", table, "");
        CHECK(usage.substr(0, usage.find('\n')) == "usage: ftpd [-dnvVh] [-f FILE] [-o LINE]");
        for (const Option& option : table) {
            CHECK(usage.find("\n  " + option.shown() + ' ') != std::string::npos);
            CHECK(usage.find(' ' + std::string{option.help} + '\n') != std::string::npos);
        }
        const std::vector<Option> words{{'\0', "[=MODE]", "m", nullptr, "how"},
                                        {'\0', "WHERE", "w", nullptr, "at"}};
        CHECK(usage_text("p", words, "") ==
              "usage: p [--how[=MODE]] [--at WHERE]\n  --how[=MODE]  m\n  --at WHERE    w\n");
        const std::string with_operands = usage_text("fcp", {}, "SOURCE TARGET");
        CHECK(with_operands == "usage: fcp SOURCE TARGET\n");
    }

    TEST_CASE("options: a daemon's are kept in their order and its file is absolute") {
        const DaemonOptions wanted = daemon_parsed({"-dv", "-o", "nice 1", "-f", "x.conf", "-onice 2"});
        CHECK(wanted.foreground);
        CHECK(wanted.action == DaemonOptions::Action::run);
        CHECK(wanted.lines == Words{"log-level detail", "nice 1", "nice 2"}); // -v leads
        CHECK(wanted.file == (std::filesystem::current_path() / "x.conf").string());
        CHECK(daemon_parsed({"-n"}).action == DaemonOptions::Action::check);
        CHECK(daemon_parsed({"-V"}).action == DaemonOptions::Action::show_version);
        CHECK(daemon_parsed({"-h"}).action == DaemonOptions::Action::show_usage);
        CHECK(daemon_parsed({}).file.empty());
        CHECK_THROWS_AS(daemon_parsed({"-f", ""}), UsageError);
    }
}
