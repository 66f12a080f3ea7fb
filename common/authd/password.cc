// SPDX-License-Identifier: ISC
#include "common/authd/password.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <unistd.h>

namespace common {
namespace {

// What crypt(3) makes of them; nothing when it does not know the method. Its answer stands in memory of its
// own, which the next call overwrites.
std::string run_crypt(const Secret& password, const std::string& setting) {
    const char* const made = ::crypt(password.c_str(), setting.c_str());
    return made == nullptr || *made == '*' ? "" : made;
}

std::string make_salt(std::size_t characters) {
    constexpr std::string_view alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string salt(characters, '\0');
    fill_random(salt);
    for (char& c : salt) c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    return salt;
}

// $METHOD$, then parameters or a salt, then the hash itself, which the shortest method makes 22 long.
bool has_form_of_crypt(std::string_view hash) {
    constexpr std::size_t shortest = 22, max_method = 32;
    if (hash[0] != '$') return false;
    const std::size_t second = hash.find('$', 1);
    const std::size_t last = hash.rfind('$');
    if (second == hash.npos || second == 1 || second > max_method || last == second) return false;
    return hash.size() - last > shortest;
}

void check_usable(const Secret& password) {
    const std::string_view bytes = password.view();
    if (bytes.empty()) throw UserError("the password is empty: give one");
    if (bytes.size() > max_password)
        throw UserError(text("the password is longer than ", max_password, " bytes: give a shorter one"));
    if (bytes.find('\0') != bytes.npos) throw UserError("the password contains a NUL byte: leave it out");
}

} // namespace

std::vector<std::string> portable_hash_settings() {
    struct Method {
        std::string_view prefix; // with its cost
        std::size_t salt;        // characters
    };
    // yescrypt, bcrypt (whose 22nd character has but 2 bits), SHA-512, SHA-256
    constexpr std::array methods{Method{"$y$j9T$", 24}, Method{"$2b$12$", 21},
                                 Method{"$6$rounds=200000$", 16}, Method{"$5$rounds=200000$", 16}};
    std::vector<std::string> settings;
    for (const Method& method : methods) {
        settings.push_back(std::string{method.prefix} + make_salt(method.salt));
        settings.back() += method.prefix.substr(0, 2) == "$2" ? '.' : '$';
    }
    return settings;
}

std::string hash_password(const Secret& password) {
    check_usable(password);
    for (const std::string& setting : hash_settings()) {
        std::string hash = run_crypt(password, setting);
        // A system that does not know a method may take the setting for a salt of the oldest one.
        const bool is_of_method = hash.size() > setting.size() && hash.substr(0, 3) == setting.substr(0, 3);
        if (is_of_method && may_be_hash(hash) && check_password(password, hash) == PasswordCheck::right)
            return hash;
    }
    throw std::runtime_error("crypt(3) knows no modern method here");
}

PasswordCheck check_password(const Secret& password, const std::string& hash) {
    const std::string made = run_crypt(password, hash);
    if (made.empty()) return PasswordCheck::unusable;
    return equal_in_constant_time(hash, made) ? PasswordCheck::right : PasswordCheck::wrong;
}

bool may_be_hash(std::string_view hash) {
    const auto fits = [](char c) { return c > ' ' && c < '\x7f' && c != ':' && c != '\\'; };
    if (hash.empty() || hash.size() > max_hash || !std::ranges::all_of(hash, fits)) return false;
    return is_locked(hash) || has_form_of_crypt(hash);
}

bool is_locked(std::string_view hash) { return hash.substr(0, 1) == "*" || hash.substr(0, 1) == "!"; }

} // namespace common
