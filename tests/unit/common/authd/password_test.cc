// SPDX-License-Identifier: ISC
#include "common/authd/password.hh"
#include "common/errors.hh"

#include <doctest/doctest.h>
#include <utility>

using namespace common;

namespace {

PasswordCheck check(std::string_view password, const std::string& hash) {
    return check_password(Secret{password}, hash);
}

std::string refusal_of(std::string_view password) {
    try {
        hash_password(Secret{password});
        return "nothing was thrown";
    } catch (const UserError& error) {
        return error.what();
    }
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("password: a hash is right for its password and for no other") {
        const std::string hash = hash_password(Secret{"correct horse"});
        CHECK(may_be_hash(hash));
        CHECK(!is_locked(hash));
        CHECK(check("correct horse", hash) == PasswordCheck::right);
        for (const std::string_view other : {"", "correct hors", "correct horse ", "Correct horse"})
            CHECK(check(other, hash) == PasswordCheck::wrong);
        std::string changed = hash;
        changed.back() = changed.back() == 'a' ? 'b' : 'a';
        CHECK(check("correct horse", changed) != PasswordCheck::right);
    }

    TEST_CASE("password: two hashes of one password differ") {
        CHECK(hash_password(Secret{"again"}) != hash_password(Secret{"again"}));
    }

    TEST_CASE("password: the method is the strongest that the system knows") {
        const std::string hash = hash_password(Secret{"x"});
        for (const std::string& setting : hash_settings()) {
            const bool is_known = check("x", setting) != PasswordCheck::unusable;
            if (!is_known) continue;
            CHECK(hash.substr(0, 4) == setting.substr(0, 4));
            break;
        }
        CHECK(hash[0] == '$');
    }

    TEST_CASE("password: the portable settings work where the method is known") {
        int known = 0;
        for (const std::string& setting : portable_hash_settings()) {
            CAPTURE(setting);
            if (check("x", setting) != PasswordCheck::unusable) ++known;
        }
        CHECK(known > 0);
    }

    TEST_CASE("password: a long password counts to its last byte") {
        const std::string longest(max_password, 'x');
        const std::string hash = hash_password(Secret{longest});
        CHECK(check(longest, hash) == PasswordCheck::right);
        CHECK(check(longest.substr(1), hash) == PasswordCheck::wrong);
    }

    TEST_CASE("password: what cannot be one is refused with its reason") {
        CHECK(refusal_of("") == "the password is empty: give one");
        CHECK(refusal_of(std::string(max_password + 1, 'x')).find("longer than 511 bytes") !=
              std::string::npos);
        CHECK(refusal_of(std::string_view{"a\0b", 3}).find("NUL") != std::string::npos);
    }

    TEST_CASE("password: what is no hash lets nobody in") {
        for (const char* const hash : {"*", "!", "x", "$9$unknown$abc", "plain", "$y$", "*0"})
            CHECK(check("plain", hash) != PasswordCheck::right);
        CHECK(check("plain", "$9$unknown$abc") == PasswordCheck::unusable);
        CHECK(is_locked("*"));
        CHECK(is_locked("!$6$abc"));
        for (const char* const hash : {"*", "!", "$1$salt$0123456789abcdefghijkl",
                                       "$2b$12$0123456789abcdefghijk.0123456789abcdefghijklmnopqrs",
                                       "$y$j9T$salt$0123456789abcdefghijklmnopqrstuvwxyz01234567",
                                       "$7$CU..../....salt$0123456789abcdefghijkl"})
            CHECK(may_be_hash(hash));
        for (const char* const word : {"x", "plain", "secret$", "$ecret", "$$", "$6$", "$6$salt",
                                       "$6$salt$short", "$$salt$0123456789abcdefghijkl", "SN8xKMrn9pdGE"})
            CHECK(!may_be_hash(word));
        CHECK(!may_be_hash(""));
        CHECK(!may_be_hash("a b"));
        CHECK(!may_be_hash("a:b"));
        CHECK(!may_be_hash("a\nb"));
        CHECK(!may_be_hash("$6$salt$" + std::string(max_hash, 'x')));
    }

    TEST_CASE("secret: it is moved without a copy and erased") {
        Secret one{"a secret"};
        const char* const place = one.c_str();
        Secret two = std::move(one);
        CHECK(two.c_str() == place);
        CHECK(two.view() == "a secret");
        two = Secret{"another"};
        CHECK(two.view() == "another");
        std::string word = "a word that is too long for a short string";
        const char* const bytes = word.data();
        const std::size_t size = word.size();
        erase_bytes(word);
        CHECK(word.empty());
        CHECK(std::string_view{bytes, size} == std::string(size, '\0'));
    }
}
