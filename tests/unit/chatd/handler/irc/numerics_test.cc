// SPDX-License-Identifier: ISC
// The numbered answers, and what 005 says.
#include "chatd/handler/irc/isupport.hh"
#include "chatd/handler/irc/numerics.hh"

#include <algorithm>
#include <doctest/doctest.h>
#include <set>

using namespace chatd::irc;

TEST_SUITE("unit") {
    TEST_CASE("irc: a numeric has three digits and words of its own") {
        CHECK(digits_of(Numeric::welcome) == "001");
        CHECK(digits_of(Numeric::nickname_in_use) == "433");
        CHECK(words_of(Numeric::nickname_in_use) == "Nickname is already in use");
        CHECK(words_of(Numeric::welcome).empty());
        for (const NumericRow& row : numeric_table) CHECK(words_of(row.number) == row.words);
    }

    TEST_CASE("irc: 005 has 13 tokens a line at the most and each once") {
        std::set<std::string> keys;
        for (const auto& line : isupport()) {
            CHECK(line.size() <= most_tokens);
            CHECK_FALSE(line.empty());
            std::size_t size = 0;
            for (const std::string& token : line) {
                CHECK(token.find(' ') == token.npos);
                CHECK(keys.insert(token.substr(0, token.find('='))).second);
                size += 1 + token.size();
            }
            CHECK(size < 300); // with a name of 128 bytes and the words it is a line
        }
    }

    TEST_CASE("irc: 005 tells the caps that there are") {
        std::set<std::string> all;
        for (const auto& line : isupport()) all.insert(line.begin(), line.end());
        for (const char* token :
             {"CASEMAPPING=ascii", "UTF8ONLY", "BOT=B", "CHANLIMIT=#:16", "CHANTYPES=#",
              "CHANMODES=b,k,l,mns", "PREFIX=(ov)@+", "NICKLEN=128", "CHANNELLEN=65", "TOPICLEN=400",
              "MSGREFTYPES=timestamp,msgid", "CHATHISTORY=100", "WHOX", "LINELEN=512"})
            CHECK_MESSAGE(all.count(token) == 1, token);
    }
}
