// SPDX-License-Identifier: ISC
#include "common/config.hh"
#include "common/errors.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <array>
#include <doctest/doctest.h>
#include <fstream>
#include <functional>
#include <random>
#include <system_error>

using namespace common;

namespace {

using List = std::vector<std::string>;

std::string refusal(const std::function<void()>& body) {
    try {
        body();
        return "nothing was thrown";
    } catch (const UserError& error) {
        return error.what();
    }
}

std::string joined(Words words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : ",") + word;
    return all;
}

// Three directives that write down what they are called with.
struct Recorder {
    std::vector<Directive> table() {
        using Repeats = Directive::Repeats;
        using Reload = Directive::Reload;
        const auto note = [this](std::string name) {
            return [this, name](Words words) { calls.push_back(name + '=' + joined(words)); };
        };
        return {
            {"listen", "ADDRESS", "localhost", "", Repeats::yes, Reload::at_upgrade, note("listen")},
            {"nice", "N", "0", "", Repeats::no, Reload::yes,
             [this](Words words) {
                 calls.push_back("nice=" + std::to_string(parse_count(words, "a number", 0, 9)));
             }},
            {"state", "DIR", "", "", Repeats::no, Reload::at_start, note("state")},
        };
    }
    List calls;
};

List apply(const List& file_lines, const List& option_lines) {
    const TemporaryFolder folder;
    std::ofstream out{folder / "conf"};
    for (const std::string& line : file_lines) out << line << '\n';
    out.close();
    Recorder recorder;
    apply_config(read_config(folder / "conf", option_lines), recorder.table());
    return recorder.calls;
}

// The message, with the folder's name left out.
std::string refused(const List& file_lines, const List& option_lines = {}) {
    std::string message = refusal([&] { apply(file_lines, option_lines); });
    const std::string folder = std::filesystem::temp_directory_path() / "test.";
    for (std::size_t at = 0; (at = message.find(folder)) != message.npos;)
        message.erase(at, message.find("/conf", at) + 1 - at);
    return message;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("config: words are separated by blanks and a comment ends them") {
        CHECK(split_words("").empty());
        CHECK(split_words(" \t\r").empty());
        CHECK(split_words("# all of it").empty());
        CHECK(split_words("  # all of it").empty());
        CHECK(split_words(" one\ttwo  three\r") == List{"one", "two", "three"});
        CHECK(split_words("one #two") == List{"one"});
        CHECK(split_words("one#two \"#three\"") == List{"one#two", "#three"});
        CHECK(split_words("back\\slash don't 5\"") == List{"back\\slash", "don't", "5\""});
    }

    TEST_CASE("config: a word in quotes holds blanks and escaped quotes") {
        CHECK(split_words(R"("two words" "" "say \"hi\"" "C:\\temp")") ==
              List{"two words", "", "say \"hi\"", "C:\\temp"});
        CHECK(split_words(R"("a\nb")") == List{"a\\nb"});
        CHECK(split_words("\"a\"\t\"b\"\r") == List{"a", "b"});
    }

    TEST_CASE("config: a quote that is not closed or a word stuck to one is refused") {
        for (const std::string bad : {R"(")", R"("open)", R"(a "open)", R"("open\")", R"("open\\\")"}) {
            CAPTURE(bad);
            CHECK(refusal([&] { split_words(bad); }).find("is not closed") != std::string::npos);
        }
        for (const std::string bad : {R"("a"b)", R"("a""b")", R"("a"#comment)"}) {
            CAPTURE(bad);
            CHECK(refusal([&] { split_words(bad); }) == "a blank is missing after \"a\"");
        }
    }

    TEST_CASE("config: any word is read back as it was quoted") {
        CHECK(quote_word("plain") == "plain");
        CHECK(quote_word("") == "\"\"");
        CHECK(quote_word("two words") == "\"two words\"");
        std::mt19937 random{20240229};
        constexpr std::string_view alphabet{"ab\"\\# \t\r\n'\x80\xff", 12};
        for (int round = 0; round < 20'000; ++round) {
            List words(random() % 4);
            std::string line;
            for (std::string& word : words) {
                for (std::size_t length = random() % 6; length > 0; --length)
                    word += alphabet[random() % alphabet.size()];
                line += quote_word(word) + (random() % 2 == 0 ? " " : "\t ");
            }
            REQUIRE(split_words(line) == words);
        }
    }

    TEST_CASE("config: lines are applied in order and fallbacks where nothing was given") {
        CHECK(apply({}, {}) == List{"listen=localhost", "nice=0"});
        CHECK(apply({"nice 3", "", "# listen x", "  listen a b", "listen c"}, {}) ==
              List{"nice=3", "listen=a,b", "listen=c"});
        CHECK(apply({"state"}, {}) == List{"state=", "listen=localhost", "nice=0"});
        Recorder recorder;
        apply_config(read_config("", {}), recorder.table());
        CHECK(recorder.calls == List{"listen=localhost", "nice=0"});
    }

    TEST_CASE("config: options replace the file's lines of the same directive") {
        CHECK(apply({"nice 3"}, {"nice 4"}) == List{"nice=4", "listen=localhost"});
        CHECK(apply({"listen a", "nice 3", "listen b"}, {"listen c", "listen d"}) ==
              List{"nice=3", "listen=c", "listen=d"});
        CHECK(apply({"listen a"}, {"nice 1", "# nothing", ""}) == List{"listen=a", "nice=1"});
    }

    TEST_CASE("config: what does not repeat may stand once in the file and once as an option") {
        CHECK(refused({"nice 3", "", "nice 3"}) == "'nice' is given twice: conf:1 and conf:3: remove one");
        CHECK(refused({}, {"nice 3", "nice 4"}) == "'nice' is given twice: -o and -o: remove one");
        CHECK(refused({"nice 3", "nice 4"}, {"nice 5"}) ==
              "'nice' is given twice: conf:1 and conf:2: remove one");
    }

    TEST_CASE("config: an error names file and line and word and remedy") {
        CHECK(refused({"", "lisen x"}) == "conf:2: there is no directive 'lisen': did you mean 'listen'?");
        CHECK(refused({"completely-different"}) ==
              "conf:1: there is no directive 'completely-different': the manual lists them");
        CHECK(refused({"Port 2121"}) == "conf:1: there is no directive 'Port': write 'listen ADDRESS'");
        CHECK(refused({"Nice 1"}) == "conf:1: there is no directive 'Nice': did you mean 'nice'?");
        CHECK(refused({"\"\" 1"}).find("conf:1: there is no directive ''") == 0);
        CHECK(refused({"nice \"1"}) == "conf:1: the quote before '1' is not closed");
        CHECK(refused({"nice x"}) == "conf:1: nice: 'x' is not a number: write a number of 0 to 9");
        CHECK(refused({"nice 10"}) == "conf:1: nice: '10' is not a number: write a number of 0 to 9");
        CHECK(refused({"nice"}) == "conf:1: nice: takes one word, a number, not 0");
        CHECK(refused({}, {"nice 1 2"}) == "-o: nice: takes one word, a number, not 2");
        CHECK(refused({"nice \x1b[2J"}).find("'\\x1b[2J'") != std::string::npos);
        CHECK(refused({"x\nlisten"}).find("conf:1: there is no directive 'x'") == 0);
        CHECK(refused({"misspelt"}, {"nice 1"}).find("conf:1: ") == 0);
        CHECK(refused({"nice x"}, {"nice 1"}) == "nothing was thrown"); // replaced
    }

    TEST_CASE("config: a byte order mark at the head of a file is no part of its first word") {
        const TemporaryFolder folder;
        const std::string file = folder / "daemon.conf";
        std::ofstream{file} << "\xef\xbb\xbfname value\nname \xef\xbb\xbfword\n";
        const std::vector<ConfigLine> lines = read_config(file, {});
        REQUIRE(lines.size() == 2);
        CHECK(lines[0].words == std::vector<std::string>{"name", "value"});
        CHECK(lines[1].words[1] == "\xef\xbb\xbfword");
        std::ofstream{file} << "\xef\xbb\xbf# a comment\n";
        CHECK(read_config(file, {}).empty());
        std::ofstream{file} << "\xef\xbb\xbf";
        CHECK(read_config(file, {}).empty());
    }

    TEST_CASE("config: lines and files have a longest size and no NUL") {
        const std::string fits = "listen " + std::string(max_config_line - 7, 'x');
        CHECK(apply({fits}, {fits}).at(0).size() == max_config_line);
        CHECK(refused({"", fits + "x"}) == "conf:2: the line is longer than 4096 bytes: split it");
        CHECK(refused({}, {fits + "x"}) == "-o: the line is longer than 4096 bytes: split it");
        CHECK(refused({std::string{"nice\0 1", 7}}) == "conf:1: the line contains a NUL byte: remove it");
        CHECK(refused(List(max_config_file / 2, "#")) == "nothing was thrown");
        CHECK(refused(List(max_config_file / 2 + 1, "#")).find("is it a configuration file?") !=
              std::string::npos);
    }

    TEST_CASE("config: a file that cannot be read is named") {
        const TemporaryFolder folder;
        const auto what = [&](const std::string& path) -> std::string {
            try {
                read_config(path, {});
                return "nothing was thrown";
            } catch (const std::system_error& error) {
                return error.what();
            }
        };
        CHECK(what(folder / "none") == "open " + (folder / "none") + ": No such file or directory");
        CHECK(what(folder / ".") == "read " + (folder / ".") + ": Is a directory");
    }

    TEST_CASE("config: a reload takes what it may and names what waits for a start") {
        Recorder recorder;
        const auto merge = [&](const List& old_lines, const List& new_lines, List& ignored) {
            const auto merged = merge_for_reload(read_config("", old_lines), read_config("", new_lines),
                                                 recorder.table(), ignored);
            List shown;
            for (const ConfigLine& line : merged) shown.push_back(joined(line.words));
            return shown;
        };
        List ignored;
        CHECK(merge({"nice 1", "listen a"}, {"listen a", "nice 2"}, ignored) == List{"nice,2", "listen,a"});
        CHECK(ignored.empty());
        CHECK(merge({"listen a", "listen b"}, {"listen b", "state x"}, ignored) ==
              List{"listen,a", "listen,b"});
        CHECK(ignored == List{"a change of 'listen' waits for an upgrade or the next start",
                              "a change of 'state' waits for the next start"});
        ignored.clear();
        CHECK(merge({"listen a", "nice 1"}, {}, ignored) == List{"listen,a"});
        CHECK(ignored == List{"a change of 'listen' waits for an upgrade or the next start"});
    }

    TEST_CASE("config: a reload sees through what options replace") {
        const auto line = [](std::string word, bool is_option) {
            return ConfigLine{"", {"listen", std::move(word)}, is_option};
        };
        Recorder recorder;
        List ignored;
        const auto merged = merge_for_reload(std::vector{line("old", false), line("option", true)},
                                             std::vector{line("new", false), line("option", true)},
                                             recorder.table(), ignored);
        CHECK(ignored.empty());
        REQUIRE(merged.size() == 1);
        CHECK(merged[0].words[1] == "option");
    }

    TEST_CASE("config: a choice is one of its words") {
        constexpr std::array<std::string_view, 3> choices{"no", "read", "write"};
        CHECK(parse_choice(List{"no"}, choices) == 0);
        CHECK(parse_choice(List{"write"}, choices) == 2);
        CHECK(refusal([&] { parse_choice(List{"Write"}, choices); }) ==
              "'Write' is not one of no, read, write");
        CHECK(refusal([&] { parse_choice(List{""}, choices); }) == "'' is not one of no, read, write");
        CHECK(refusal([&] { parse_choice(List{}, choices); }) == "takes one word, no, read, write, not 0");
        CHECK(parse_count(List{"0"}, "", 0, 9) == 0);
        CHECK(parse_count(List{"9"}, "", 0, 9) == 9);
        CHECK(refusal([&] { parse_count(List{"-1"}, "a count", 0, 9); }).find("0 to 9") != std::string::npos);
    }
}
