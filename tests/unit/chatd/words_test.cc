// SPDX-License-Identifier: ISC
// Names and text of people: which names there may be, when two are the same, and that text cannot act on a
// terminal.
#include "chatd/unicode.hh"
#include "chatd/words.hh"
#include "common/text.hh"

#include <doctest/doctest.h>
#include <utility>

using namespace chatd;

namespace {

std::string repeat(std::string_view part, int times) {
    std::string all;
    while (times-- > 0) all += part;
    return all;
}

bool is_refused(std::string_view name, Refusal why) {
    const bool is = refuse_name(name) == why;
    if (!is) MESSAGE(common::escape(name) << " is not refused like that");
    return is;
}

const std::string replaced = "\xef\xbf\xbd";

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("names of any one script may be used") {
        for (const std::string_view name :
             {"ada", "张三",  "Bob_42",   "o'neil", "a.b-c",    "Ωμέγα",   "Иван",  "محمد",
              "é",   "हिन्दी", "_",        "_ada",   "42",       "servant", "ad",    "chat",
              "😀",   "ada😀",  "👍🏽", "🇨🇳",     "二〇二六", "Þóra",    "ʻokina"})
            CHECK_MESSAGE(!refuse_name(name), name);
    }

    TEST_CASE("a name is of one script or of those that are written together") {
        for (const std::string_view name : {"田中さん", "ラーメン", "山田ヤマダtaro", "김치kim", "金김",
                                            "王小明Wang", "王ㄨㄤˊ", "Иван42", "ada三", "Ίων_1", "佐々木"})
            CHECK_MESSAGE(!refuse_name(name), name);
        for (const std::string_view name : {"аdministrator", "pаypal", "Ωmega", "adaа", "Иvan", "김さん",
                                            "さんㄨ", "aא", "عa", "αа", "हa", "三а", "a\u0483"})
            CHECK(is_refused(name, Refusal::name_mixed));
    }

    TEST_CASE("a name has at most 32 columns however many bytes those are") {
        CHECK_FALSE(refuse_name(repeat("a", 32)));
        CHECK(is_refused(repeat("a", 33), Refusal::name_too_long));
        CHECK_FALSE(refuse_name(repeat("三", 16)));
        CHECK(is_refused(repeat("三", 16) + "a", Refusal::name_too_long));
        CHECK_FALSE(refuse_name(repeat("😀", 16)));
        CHECK(is_refused(repeat("😀", 17), Refusal::name_too_long));
        CHECK_FALSE(refuse_name(repeat("é", 32)));
        const std::string wide = "न" + repeat("ु", 4); // 15 bytes, one column
        CHECK_FALSE(refuse_name(repeat(wide, 8)));
        CHECK(is_refused(repeat(wide, 9), Refusal::name_too_long));
    }

    TEST_CASE("an empty name says so") { CHECK(is_refused("", Refusal::name_empty)); }

    TEST_CASE("a name that cannot be seen whole or could be a command is refused") {
        using namespace std::string_view_literals;
        for (const std::string_view name :
             {"a b"sv,        " "sv,
              "a\tb"sv,       "a\nb"sv,
              "a\0b"sv,       "\x7f"sv,
              "a\x1b[2J"sv,   "a\u0085b"sv,
              "a\u009bb"sv,   "a\u3000b"sv,
              "a\u2003"sv,    "a\u200bb"sv,
              "a\u200db"sv,   "a\ufeff"sv,
              "\u202eada"sv,  "a\u2066"sv,
              "a\u2028b"sv,   "\u0301"sv,
              "a\u00adb"sv,   "\u3164"sv,
              "a\ufe0f"sv,    "\u115f"sv,
              "a\u034fb"sv,   "a\U000e0041"sv,
              "/who"sv,       "/"sv,
              "\xff"sv,       "a\xc3"sv,
              "\xc0\x80"sv,   "\xed\xa0\x80"sv,
              "\x80"sv,       "\xf5\x80\x80\x80"sv,
              "\ufe70"sv,     "\ufc5e"sv, // a blank and a mark, as compatible forms
              "\uff9f"sv,     "\u037a"sv,
              "\ufdfa"sv,     "\U00013441"sv, // words with blanks; a blank sign
              "a\U00013442"sv})
            CHECK(is_refused(name, Refusal::name_unprintable));
        std::string marked = "x";
        for (int marks = 0; marks < 4; ++marks) marked += "\u0323";
        CHECK_FALSE(refuse_name(marked));
        CHECK(is_refused(marked + "\u0323", Refusal::name_unprintable));
    }

    TEST_CASE("a name that reads as an address is refused in any digits") {
        for (const std::string_view name : {"127.0.0.1", "\uff11\uff12\uff17.\uff10.\uff10.\uff11"})
            CHECK(is_refused(name, Refusal::name_unprintable));
        for (const std::string_view name : {"127", "1.2", "v1.2.3.4"}) CHECK_FALSE(refuse_name(name));
    }

    TEST_CASE("a name that could pass for more than a name is refused") {
        for (const std::string_view name : {"ada\u00a0say:\u00a0I\u00a0quit.\u00a0(bob",
                                            "a\u2007b",
                                            "a\u202fb",
                                            "a\u2800b",
                                            "\u2800",
                                            "a\u1680b",
                                            "a:b",
                                            "a,b",
                                            "a!b",
                                            "a@b",
                                            "a*b",
                                            "a?b",
                                            "a(b",
                                            "a\\b",
                                            "a|b",
                                            "a=b",
                                            "#a",
                                            "&a",
                                            "$a",
                                            ":a",
                                            "~a",
                                            "+a",
                                            "%a",
                                            "~",
                                            "#1",
                                            "a#1",
                                            "a~",
                                            "a`",
                                            "a\u2019s",
                                            "a\u20dd",
                                            "a\u2028b",
                                            "\u2160",
                                            "a\u00b2",
                                            "\u24b6",
                                            "\u2713",
                                            "\u231a\ufe0e",
                                            "\u2764",
                                            "a\u2022b",
                                            "\ue000",
                                            "\u0378"})
            CHECK(is_refused(name, Refusal::name_unprintable));
        for (const std::string_view name : {"-", "-a", ".", ".a", "'", "'a", "\u0301a", "\u093f", "\u1161"})
            CHECK(is_refused(name, Refusal::name_unprintable));
        for (const std::string_view name : {"a-", "a.", "a'", "a_", "__", "1-2"})
            CHECK_FALSE(refuse_name(name));
    }

    TEST_CASE("a name that is not in NFC is refused so that no two names differ in that alone") {
        for (const std::string_view name : {"e\u0301", "A\u030a", "\u212b", "\u2126", "\u212a", "か\u3099",
                                            "\uf900", "\U0002f800", "\u1100\u1161", "\u0344", "क\u0958"})
            CHECK(is_refused(name, Refusal::name_unprintable));
        for (const std::string_view name : {"é", "Å", "が", "가", "क़", "Ñandú"})
            CHECK_FALSE(refuse_name(name));
    }

    TEST_CASE("reserved names are so in any case and with anything behind") {
        for (const std::string_view name : {"administrator",
                                            "Administrator",
                                            "ADMINISTRATOR",
                                            "admin",
                                            "aDmIn",
                                            "server",
                                            "Server2",
                                            "chatd",
                                            "ChatD",
                                            "administrator_",
                                            "admin1",
                                            "root",
                                            "ROOT",
                                            "System",
                                            "管理员",
                                            "管理员一号",
                                            "ａｄｍｉｎ",
                                            "系统",
                                            "r00t",
                                            "R00T",
                                            "adm1n",
                                            "ADMlN_2",
                                            "ѕуѕтем",
                                            "ЅУЅТЕМ",
                                            "ᴀᴅᴍɪɴ",
                                            "𝐚𝐝𝐦𝐢𝐧",
                                            "admın",
                                            "ádmin",
                                            "a\u0336d\u0336m\u0336in",
                                            "🇷🇴🇴🇹"})
            CHECK(is_refused(name, Refusal::name_reserved));
        for (const std::string_view name : {"rooter", "systematic"}) CHECK_FALSE(refuse_name(name));
    }

    TEST_CASE("names are compared without regard to case") {
        CHECK(fold_name("Ada") == fold_name("aDA"));
        CHECK(fold_name("ÉMILE") == fold_name("émile"));
        CHECK(fold_name("ИВАН") == fold_name("иван"));
        CHECK(fold_name("张三") == "张三");
        CHECK(fold_name("😀") == "😀");
        CHECK(fold_name("ada") != fold_name("bob"));
        CHECK(fold_name("Ａｄａ１") == fold_name("ada1"));
        CHECK(fold_name("Straße") == fold_name("STRASSE"));
        CHECK(fold_name("ΣΊΣΥΦΟΣ") == fold_name("σίσυφος"));
        CHECK(fold_name("É") == fold_name("e\u0301"));
    }

    TEST_CASE("names that look alike have the same likeness and others have not") {
        using Pair = std::pair<std::string_view, std::string_view>;
        const auto check = [](std::string_view one, std::string_view other, bool alike) {
            CHECK_MESSAGE((likeness_of(one) == likeness_of(other)) == alike, one, " ", other);
        };
        for (const auto& [first, second] :
             {Pair{"bill", "BiIl"}, Pair{"Ian", "lan"}, Pair{"a1", "al"}, Pair{"B0b", "bOb"},
              Pair{"аса", "aca"}, Pair{"НОТ", "HOT"}, Pair{"Ροκο", "poko"}, Pair{"ΝΟΝΑ", "nona"},
              Pair{"νονα", "vova"}, Pair{"ё", "ë"}, Pair{"ａｄａ", "ada"}, Pair{"oʼneil", "o'neil"}})
            check(first, second, true);
        for (const auto& [first, second] : {Pair{"ada", "adа2"}, Pair{"ada", "eda"}, Pair{"é", "e"},
                                            Pair{"三", "二"}, Pair{"Иван", "Ivan"}, Pair{"a_b", "a-b"}})
            check(first, second, false);
    }

    TEST_CASE("text that harms no terminal stays as it is") {
        for (const std::string_view text :
             {"hello, 世界!", "café ü ñ", "😀👍", "אבג", "a\\b", "\"'<>&", "e\u0301", "a\u200db", "\u00a0", ""})
            CHECK(neutralise(text) == text);
    }

    TEST_CASE("whatever could act on a terminal is replaced") {
        using namespace std::string_view_literals;
        CHECK(neutralise("\x1b[2J\x1b]0;title\a") == replaced + "[2J" + replaced + "]0;title" + replaced);
        CHECK(neutralise("a\tb") == "a b");
        CHECK(neutralise("a\nb\rc\0d"sv) == "a" + replaced + "b" + replaced + "c" + replaced + "d");
        for (unsigned code = 0; code < 0x20; ++code)
            if (code != '\t') CHECK(neutralise(std::string(1, static_cast<char>(code))) == replaced);
        CHECK(neutralise("\x7f") == replaced);
        for (unsigned code = 0x80; code < 0xa0; ++code) // C1: in UTF-8, and as bare bytes
            for (const std::string& form :
                 {std::string{'\xc2', static_cast<char>(code)}, std::string(1, static_cast<char>(code))})
                CHECK(neutralise(form) == replaced);
        for (const std::string_view character :
             {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a", "\u202b", "\u202c", "\u202d",
              "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"})
            CHECK(neutralise(character) == replaced);
    }

    TEST_CASE("no letter of a name has more than thrice as many bytes when it is folded") {
        constexpr std::size_t times = max_folded_name / max_name;
        char32_t most_grown = 0;
        for (char32_t character = 0; character <= 0x10ffff; ++character) {
            const bool is_surrogate = character >= 0xd800 && character < 0xe000;
            if (is_surrogate || kind_of(character) == CharacterKind::other) continue;
            const std::string letter = encode({&character, 1}), folded = fold_name(letter);
            if (folded.size() <= times * letter.size()) continue;
            const std::string name = "\u0645" + letter; // one that nobody may have has blanks in it
            if (!refuse_spelling(letter) || !refuse_spelling(name)) most_grown = character;
        }
        CHECK(most_grown == 0);
        const std::string longest = repeat("\ufdf4", 32);
        CHECK_FALSE(refuse_name(longest));
        CHECK(fold_name(longest).size() == 256);
    }

    TEST_CASE("invalid UTF-8 is replaced byte by byte and valid text beside it stays") {
        CHECK(neutralise("a\xff"
                         "b") == "a" + replaced + "b");
        CHECK(neutralise("\xc0\xaf") == replaced + replaced);                // overlong
        CHECK(neutralise("\xed\xa0\x80") == replaced + replaced + replaced); // a surrogate
        CHECK(neutralise("\xf4\x90\x80\x80") == repeat(replaced, 4));        // beyond Unicode
        CHECK(neutralise("三\xe4\xb8") == "三" + replaced + replaced);       // cut off
        CHECK(neutralise(std::string(2000, '\xfe')) == repeat(replaced, 2000));
        CHECK(neutralise(neutralise("\x1b\xff\u202e")) == neutralise("\x1b\xff\u202e"));
    }
}
