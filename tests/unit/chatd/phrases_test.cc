// SPDX-License-Identifier: ISC
// The phrases and their catalogues: nothing is missing in any language, and none takes other arguments.
#include "chatd/phrases.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"

#include <doctest/doctest.h>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace chatd;

namespace {

// The messages of a catalogue's source, by number (gencat(1); ours has one set and quotes).
std::map<int, std::string> messages_of(const std::string& path) {
    std::ifstream file{path};
    std::stringstream whole;
    whole << file.rdbuf();
    std::map<int, std::string> messages;
    for (const std::string& line : common::split_lines(whole.str())) {
        const std::size_t quote = line.find(" \"");
        const auto number = common::parse_number<int>(std::string_view{line}.substr(0, quote));
        if (!number) continue;
        CHECK_MESSAGE(messages.find(*number) == messages.end(), "twice: ", *number);
        CHECK(line.ends_with('"'));
        messages[*number] = line.substr(quote + 2, line.size() - quote - 3);
    }
    return messages;
}

// "12" for "%2 and %1 and %2".
std::set<char> arguments_of(std::string_view pattern) {
    std::set<char> arguments;
    for (std::size_t at = pattern.find('%'); at != pattern.npos; at = pattern.find('%', at + 1))
        arguments.insert(at + 1 < pattern.size() ? pattern[at + 1] : '%');
    return arguments;
}

std::string source_of(std::string_view language) {
    return e2e::in_source(common::text("chatd/", language, ".msg"));
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("every catalogue has every phrase with the same arguments and no other") {
        for (std::size_t language = 1; language < language_names.size(); ++language) {
            CAPTURE(language_names[language]);
            std::map<int, std::string> messages = messages_of(source_of(language_names[language]));
            for (const PhraseRow& row : phrase_table()) {
                const auto number = static_cast<int>(row.phrase);
                CAPTURE(number);
                REQUIRE(messages.find(number) != messages.end());
                CHECK_FALSE(messages[number].empty());
                CHECK(arguments_of(messages[number]) == arguments_of(row.english));
                messages.erase(number);
            }
            CHECK(messages.empty());
        }
    }

    TEST_CASE("no two phrases have one number and each argument is a digit") {
        std::set<int> numbers;
        for (const PhraseRow& row : phrase_table()) {
            CHECK(numbers.insert(static_cast<int>(row.phrase)).second);
            for (const char argument : arguments_of(row.english)) CHECK((argument >= '1' && argument <= '9'));
        }
    }

    TEST_CASE("what is filled into a phrase is taken as it is") {
        const auto fill_in = [](std::string_view pattern, PhraseArguments arguments) {
            std::string filled;
            append_filled(filled, pattern, arguments);
            return filled;
        };
        CHECK(fill_in("%1 say: %2", {"ada", "100%1 %2"}) == "ada say: 100%1 %2");
        CHECK(fill_in("%2, %1, %2", {"a", "b"}) == "b, a, b");
        CHECK(fill_in("%1%3%", {"a"}) == "a%");
        CHECK(fill_in("", {"a"}).empty());
    }

    TEST_CASE("languages are known by their names and English needs no catalogue") {
        CHECK(find_language("en") == Language::english);
        CHECK(find_language("zh") == Language::chinese);
        CHECK_FALSE(find_language("ZH"));
        CHECK_FALSE(find_language(""));
        const Catalogues catalogues;
        CHECK(catalogues.has(Language::english));
        CHECK(catalogues.phrase(Language::english, Phrase::said, {"ada", "hello"}) == "ada say: hello");
        if (!catalogues.has(Language::chinese)) // what is not installed is said in English
            CHECK(catalogues.phrase(Language::chinese, Phrase::said, {"ada", "hello"}) == "ada say: hello");
    }
}
